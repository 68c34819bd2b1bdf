use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key, volume};
use serde::{Deserialize, Serialize};

use super::seed::key_of;
use super::{Initializer, InitializerKind, InitializerSpec, Seed, draw};
use crate::objects::from_config;
use crate::{Error, Result};

/// A random matrix with orthonormal rows or columns, whichever are fewer, times a gain.
///
/// A weight with more than two axes is taken as a matrix of its last axis against the others. The
/// matrix is Q of a normal matrix's QR factors, R's diagonal positive, so that Q is uniform.
///
/// Source: Keras 3.15 `keras.initializers.Orthogonal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Orthogonal {
    /// What the matrix is multiplied by; default 1.
    gain: f64,
    /// Drawn from in place of the model's key; default none.
    seed: Option<Seed>,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "Orthogonal",
    module: "keras.initializers",
    aliases: &["orthogonal", "OrthogonalInitializer"],
    from_config: |config| Ok(Arc::new(from_config::<Orthogonal>("Orthogonal", config, &[])?)),
    cases: &["{}", r#"{"gain": 0.5, "seed": 1}"#],
};

crate::configured!(Orthogonal: InitializerKind);

impl Default for Orthogonal {
    fn default() -> Self {
        Self { gain: 1.0, seed: None }
    }
}

impl Initializer for Orthogonal {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        let Some((&columns, rest)) = shape.split_last().filter(|(_, rest)| !rest.is_empty()) else {
            let received = format!("shape {shape:?}");
            return Err(Error::config("Orthogonal", "shape", "at least two axes", received));
        };
        volume(shape)?;
        let rows = volume(rest)?;
        let (length, count) = (rows.max(columns), rows.min(columns));
        let vectors = orthonormal(length, count, key_of(self.seed, key));
        let mut array = draw::full(shape, 0.0)?;
        for (element, place) in array.values_mut::<f32>()?.iter_mut().enumerate() {
            let (row, column) = (element / columns, element % columns);
            let (vector, index) = if rows < columns { (row, column) } else { (column, row) };
            *place = (self.gain * vectors[vector][index]) as f32;
        }
        Ok(array)
    }
}

/// `count` orthonormal vectors by Gram and Schmidt, each projected twice: once is not enough for
/// orthogonality to rounding.
fn orthonormal(length: usize, count: usize, key: Key) -> Vec<Vec<f64>> {
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    for number in 0..count {
        let start = number * length;
        let mut vector: Vec<f64> =
            (start..start + length).map(|element| draw::standard(key, element)).collect();
        for _ in 0..2 {
            for known in &vectors {
                subtract_projection(&mut vector, known);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        for value in &mut vector {
            *value /= norm;
        }
        vectors.push(vector);
    }
    vectors
}

fn subtract_projection(vector: &mut [f64], unit: &[f64]) {
    let along = dot(vector, unit);
    vector.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
