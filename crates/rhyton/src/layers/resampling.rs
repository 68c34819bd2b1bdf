//! Axes at another size: each line along one is multiplied by a constant matrix of weights.

use std::f64::consts::PI;

use rhyton_graph::{Tensor, matmul, transpose};
use rhyton_tensor::Array;

use crate::{Error, Result};

/// The most numbers that a matrix between two sizes may have: 256 MiB of them.
const WEIGHTS_MAX: usize = 1 << 26;

/// Refuses a new size of an axis whose weights would take too much memory.
pub(super) fn check_weights(class: &str, argument: &str, from: usize, to: usize) -> Result<()> {
    if from.checked_mul(to).is_some_and(|count| count <= WEIGHTS_MAX) {
        return Ok(());
    }
    let expected = format!("at most {} places from {from}", WEIGHTS_MAX / from.max(1));
    Err(Error::config(class, argument, expected, to))
}

/// Keras' words for how a new place is made of old ones.
pub(super) const INTERPOLATIONS: &[&str] =
    &["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"];

/// TensorFlow reads cubic weights from a table of this many steps between neighbours.
const CUBIC_STEPS: f64 = 1024.0;

/// One axis at a new size; places are the middles of equal parts of the axis.
///
/// Source: TensorFlow 2.21's `tf.image.resize` without antialiasing; Keys 1981 for the cubic.
pub(super) fn resample(x: &Tensor, axis: usize, interpolation: &str, size: usize) -> Tensor {
    let from = x.shape()[axis].fixed_size().expect("the layer checks that sizes are known");
    product_along(x, axis, weights(interpolation, from, size))
}

/// Every line of numbers along an axis times a matrix `[size, new size]`.
pub(super) fn product_along(x: &Tensor, axis: usize, matrix: Array) -> Tensor {
    let mut order: Vec<usize> = (0..x.rank()).filter(|&other| other != axis).collect();
    order.push(axis);
    let mut back: Vec<usize> = (0..x.rank() - 1).collect();
    back.insert(axis, x.rank() - 1);
    transpose(&matmul(&transpose(x, &order), &x.constant(matrix)), &back)
}

/// The matrix `[from, to]`; every column adds up to 1.
fn weights(interpolation: &str, from: usize, to: usize) -> Array {
    let mut matrix = vec![0.0_f32; from * to];
    for place in 0..to {
        let at = (place as f64 + 0.5) * (from as f64 / to as f64) - 0.5;
        let near = neighbours(interpolation, at);
        // Neighbours beyond an edge: the line takes the edge's value, the others leave them out.
        let inside = near.iter().filter(|(index, _)| (0..from as i64).contains(index));
        let total: f64 = inside.map(|(_, weight)| weight).sum();
        for (index, weight) in near {
            let kept = index.clamp(0, from as i64 - 1);
            let cell = &mut matrix[kept as usize * to + place];
            if interpolation == "bilinear" {
                *cell += weight as f32;
            } else if kept == index {
                *cell += (weight / total) as f32;
            }
        }
    }
    Array::from_slice(&[from, to], &matrix).expect("from · to weights were made")
}

/// The old places that a new one at `at` is made of, with their weights.
fn neighbours(interpolation: &str, at: f64) -> Vec<(i64, f64)> {
    let low = at.floor();
    let part = at - low;
    let around = |radius: i64, weight: &dyn Fn(f64) -> f64| {
        let places = (low as i64 - radius + 1)..=(low as i64 + radius);
        places.map(|place| (place, weight(place as f64 - at))).collect()
    };
    match interpolation {
        "nearest" => vec![(at.round() as i64, 1.0)],
        "bilinear" => vec![(low as i64, 1.0 - part), (low as i64 + 1, part)],
        "bicubic" => {
            let part = (part * CUBIC_STEPS).round_ties_even() / CUBIC_STEPS;
            let weights = [1.0 + part, part, 1.0 - part, 2.0 - part].map(cubic);
            (low as i64 - 1..).zip(weights).collect()
        }
        "lanczos5" => around(5, &|distance| lanczos(distance, 5.0)),
        _ => around(3, &|distance| lanczos(distance, 3.0)),
    }
}

/// Keys' cubic with a = −½.
fn cubic(distance: f64) -> f64 {
    let x = distance.abs();
    match x {
        _ if x <= 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        _ if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    }
}

/// sinc(x) · sinc(x / radius) within the radius.
fn lanczos(distance: f64, radius: f64) -> f64 {
    let x = distance.abs();
    match x {
        _ if x >= radius => 0.0,
        _ if x <= 1e-3 => 1.0,
        _ => radius * (PI * x).sin() * (PI * x / radius).sin() / (PI * PI * x * x),
    }
}
