use std::sync::Arc;

use rhyton::Activation;
use rhyton::activations::{ACTIVATIONS, BuiltIn};
use rhyton_conformance::{NamedBackend, difference, run_batches};
use rhyton_graph::{Graph, InterpreterBackend, Shape, Spec, Tracer, gradients, sum};
use rhyton_tensor::{Array, DType};

/// Texts as users write them, and two of every function that the others lack.
const EXPRESSIONS: [&str; 5] = [
    "x * sigmoid(1.5 * x)",
    "where(x > 0, x, 0.3 * (exp(x) - 1))",
    "t = tanh(softplus(x)); x * t + 0.1 * sin(2 * x)",
    "floor(x) + ceil(x) * round(x) + sign(x) * rsqrt(1 + square(x)) + abs(x) ^ 1.5 + sqrt(3 + cos(x))",
    "t = x / 10; asin(t) + acos(t) + tan(t) + sinh(t) + cosh(t) + log(2 + t) + log1p(t) + expm1(t) + atan(x) + asinh(x) + erf(x) + erfc(x)",
];
const TOLERANCE: f64 = 1e-5;
const FEATURES: usize = 6;

/// An activation's values and slopes for `[N, 6]`; in float32 as wide as the catalogue asks for.
fn program(text: &str, dtype: DType) -> Graph {
    let mut activation = Activation::parse(text).unwrap();
    if BuiltIn::find(text).is_some_and(|builtin| builtin.wide) {
        activation = activation.exact().unwrap();
    }
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(dtype, Shape::batched(&[FEATURES])));
    let y = activation.apply(&x).unwrap();
    tracer.output("y", &y).unwrap();
    let total = sum(&(&y * &y * 0.5), None, false);
    tracer.output("dx", &gradients(&total, &[&x]).unwrap()[0]).unwrap();
    tracer.finish()
}

/// From −9 to 9, with zeros of both signs among them.
fn points(batch: usize, dtype: DType) -> Vec<Array> {
    let count = batch * FEATURES;
    let value = |place: usize| match place % 11 {
        0 => 0.0,
        1 => -0.0,
        other => (place as f32 * 0.73).sin() * other as f32 * 0.9,
    };
    let values: Vec<f32> = (0..count).map(value).collect();
    vec![Array::from_slice(&[batch, FEATURES], &values).unwrap().cast(dtype)]
}

#[test]
fn every_activation_and_expressions_with_their_slopes() {
    let backends = NamedBackend::all();
    let mut wrong = Vec::new();
    let texts = ACTIVATIONS.iter().map(|builtin| builtin.name).chain(EXPRESSIONS);
    for (text, dtype) in texts.flat_map(|text| [(text, DType::F32), (text, DType::F64)]) {
        let graph = program(text, dtype);
        let points = |batch| points(batch, dtype);
        let expected = run_batches(&InterpreterBackend, &graph, 1, points).unwrap();
        for NamedBackend { name, backend } in &backends {
            let actual = run_batches(&**backend, &graph, 2, points)
                .unwrap_or_else(|error| panic!("{name}, {text}, {dtype:?}: {error}"));
            for (place, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                if let Some(what) = difference(actual, expected, TOLERANCE) {
                    wrong.push(format!("{name}, {text}, {dtype:?}, output {place}: {what}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
