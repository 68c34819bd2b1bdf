//! Keras' activations against the values in `goldens/activations.json`.

use std::sync::Arc;

use rhyton::ops::{Spec, Tensor, Tracer, gradients, interpret, sum};
use rhyton::{Activation, Array, DType};
use rhyton_testing::ulp_distance_f32;
use serde_json::Value;

/// Where Rhyton means to differ: activation, points, whether in the value or the slope, why.
const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "relu",
        slope: true,
        at: |x| [2.0, 3.0, -0.5].contains(&x),
        reason: "a corner: TensorFlow takes the slope of the other side",
    },
    Deviation {
        name: "relu",
        slope: false,
        at: |x| x > -0.5 && x < 0.0,
        reason: "with max_value Keras clips at 0, below which a negative threshold lets values pass",
    },
    Deviation {
        name: "relu",
        slope: true,
        at: |x| x > -0.5 && x < 0.0,
        reason: "as for the value",
    },
    Deviation {
        name: "hard_silu",
        slope: true,
        at: f32::is_infinite,
        reason: "Keras multiplies ∞ by the slope 0 of the clipped part",
    },
    Deviation {
        name: "hard_tanh",
        slope: true,
        at: |x| x.abs() == 1.0,
        reason: "a corner: TensorFlow takes the slope of the other side",
    },
    Deviation {
        name: "elu",
        slope: true,
        at: |x| x <= 0.0,
        reason: "Keras computes α + y, which cancels; at 0 it takes the left side's slope",
    },
    Deviation {
        name: "elu",
        slope: false,
        at: |x| x < 0.0,
        reason: "Keras computes exp(x) − 1, which cancels",
    },
    Deviation {
        name: "selu",
        slope: true,
        at: |x| x <= 0.0,
        reason: "Keras computes α + y, which cancels",
    },
    Deviation {
        name: "selu",
        slope: false,
        at: |x| x < 0.0,
        reason: "Keras computes exp(x) − 1, which cancels",
    },
    Deviation {
        name: "celu",
        slope: true,
        at: |x| x == 0.0,
        reason: "Keras adds the slopes of both sides and has 2",
    },
    Deviation {
        name: "tanh_shrink",
        slope: false,
        at: |x| x.abs() < 0.5,
        reason: "Keras' x − tanh(x) cancels",
    },
    Deviation {
        name: "squareplus",
        slope: false,
        at: |x| x < 0.0 || x > 1e20,
        reason: "Keras' x + √(x² + b) cancels, and x² overflows",
    },
    Deviation {
        name: "squareplus", slope: true, at: |x| x < -1e20, reason: "Keras' x² overflows"
    },
    Deviation {
        name: "sparse_plus",
        slope: true,
        at: f32::is_infinite,
        reason: "Keras has 0 · ∞ from the branch that is not taken",
    },
    Deviation {
        name: "silu",
        slope: false,
        at: |x| x < -80.0,
        reason: "TensorFlow's sigmoid is 0 there",
    },
    Deviation {
        name: "mish",
        slope: false,
        at: |x| x < -80.0,
        reason: "TensorFlow's exp is 0 there",
    },
    Deviation {
        name: "mish",
        slope: true,
        at: |x| !(-80.0..6.5).contains(&x),
        reason: "as for the value; above, Keras' 1 − tanh² cancels",
    },
    Deviation {
        name: "gelu",
        slope: false,
        at: |x| (-12.0..0.0).contains(&x),
        reason: "1 + tanh cancels here and in Keras, each in its own way",
    },
    Deviation {
        name: "gelu",
        slope: true,
        at: |x| x.abs() <= 5.0 || x.abs() > 1e20,
        reason: "1 + tanh cancels here and in Keras, each in its own way",
    },
];

struct Deviation {
    name: &'static str,
    slope: bool,
    at: fn(f32) -> bool,
    reason: &'static str,
}

fn numbers(value: &Value) -> Vec<f32> {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap() as f32,
    };
    value.as_array().unwrap().iter().map(number).collect()
}

fn goldens() -> Value {
    serde_json::from_str(include_str!("../../goldens/activations.json")).unwrap()
}

fn activation(record: &Value) -> Activation {
    let mut activation = Activation::parse(record["name"].as_str().unwrap()).unwrap();
    for (name, value) in record["parameters"].as_object().unwrap() {
        let number = value.as_f64().or(value.as_bool().map(|flag| f64::from(u8::from(flag))));
        activation = activation.with(name, number.unwrap()).unwrap();
    }
    activation
}

/// At most 4 ULP apart, or relatively 1e-6, or both below the least normal number (TensorFlow
/// flushes those to zero).
fn close(found: f32, expected: f32) -> bool {
    if found.is_nan() || expected.is_nan() || !found.is_finite() || !expected.is_finite() {
        return found == expected || (found.is_nan() && expected.is_nan());
    }
    let tiny = found.abs() < 1.2e-38 && expected.abs() < 1.2e-38;
    tiny || ulp_distance_f32(found, expected) <= 4
        || (found - expected).abs() <= 1e-6 * expected.abs()
}

#[test]
fn elementwise_activations_are_those_of_keras() {
    let goldens = goldens();
    let points = numbers(&goldens["x"]);
    let x = Array::from_slice(&[points.len()], &points).unwrap();
    let mut used = vec![false; DEVIATIONS.len()];
    let mut wrong = Vec::new();
    for record in goldens["activations"].as_array().unwrap() {
        if record.get("shape").is_some() {
            continue;
        }
        let name = record["name"].as_str().unwrap();
        let results = activation(record).evaluate(&x).unwrap();
        for (slope, (key, result)) in [false, true].into_iter().zip(["y", "dy"].iter().zip(results))
        {
            let expected = numbers(&record[*key]);
            for ((&x, &found), &expected) in points.iter().zip(result.view::<f32>()).zip(&expected)
            {
                let fits = close(found, expected)
                    // Slopes such as 1 − tanh² lose digits below 1.
                    || slope && (found - expected).abs() <= 5e-7
                    // TensorFlow takes such numbers for 0.
                    || x != 0.0 && x.abs() < f32::MIN_POSITIVE
                    // Which side of a `where` a NaN takes is nobody's promise.
                    || slope && x.is_nan();
                if fits {
                    continue;
                }
                let fits = |d: &Deviation| d.name == name && d.slope == slope && (d.at)(x);
                match DEVIATIONS.iter().position(fits) {
                    Some(place) => used[place] = true,
                    None => wrong.push(format!(
                        "{name} {} {key} at {x:e}: {found:e}, Keras {expected:e}",
                        record["parameters"]
                    )),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    for (deviation, used) in DEVIATIONS.iter().zip(used) {
        assert!(used, "{} no longer deviates: {}", deviation.name, deviation.reason);
    }
}

#[test]
fn activations_over_an_axis_are_those_of_keras() {
    let goldens = goldens();
    let sizes: Vec<usize> = serde_json::from_value(goldens["rows"]["shape"].clone()).unwrap();
    let rows = Array::from_slice(&sizes, &numbers(&goldens["rows"]["values"])).unwrap();
    let weight = Array::from_slice(&sizes, &numbers(&goldens["rows"]["weight"])).unwrap();
    let mut seen = 0;
    for record in goldens["activations"].as_array().unwrap() {
        let Some(shape) = record.get("shape") else { continue };
        seen += 1;
        let shape: Vec<usize> = serde_json::from_value(shape.clone()).unwrap();
        let tracer = Tracer::new(Arc::new([]));
        let x = tracer.input("x", Spec::new(DType::F32, &sizes[..]));
        let y = activation(record).apply(&x).unwrap();
        let factor = tracer.constant(cut(&weight, &shape));
        let total: Tensor = sum(&(&y * factor), None, false);
        let slope = gradients(&total, &[&x]).unwrap().remove(0);
        tracer.output("y", &y).unwrap();
        tracer.output("dy", &slope).unwrap();
        let results = interpret(&tracer.finish(), &[&rows]).unwrap();
        assert_eq!(results[0].shape(), shape);
        for (key, found) in ["y", "dy"].iter().zip(&results) {
            // Both are differences of numbers near 1: their error is relative to those.
            let slack = 1e-6;
            for (place, (&found, &expected)) in
                found.view::<f32>().iter().zip(&numbers(&record[*key])).enumerate()
            {
                let fits = close(found, expected) || (found - expected).abs() <= slack;
                assert!(fits, "{record:?}\n{key}[{place}]: {found:e}, Keras {expected:e}");
            }
        }
    }
    assert_eq!(seen, 6);
}

/// The first rows and columns.
fn cut(array: &Array, shape: &[usize]) -> Array {
    let columns = array.shape()[1];
    let rows = array.view::<f32>().chunks(columns).take(shape[0]);
    let values: Vec<f32> = rows.flat_map(|row| row[..shape[1]].to_vec()).collect();
    Array::from_slice(shape, &values).unwrap()
}

/// An expression in place is computed in its stable form, as a registered one is.
#[test]
fn an_expression_in_place_is_stable() {
    let points = Array::from_slice(&[2], &[1000.0_f32, -1000.0]).unwrap();
    let [values, slopes] = Activation::parse("log(1 + exp(x))").unwrap().evaluate(&points).unwrap();
    assert_eq!(values.view::<f32>(), [1000.0, 0.0]);
    assert_eq!(slopes.view::<f32>(), [1.0, 0.0]);
}
