use std::sync::Arc;

use rhyton::Activation;
use rhyton::activations::ACTIVATIONS;
use rhyton_conformance::{NamedBackend, difference, run_batches};
use rhyton_graph::{Graph, InterpreterBackend, Shape, Spec, Tracer, gradients, sum};
use rhyton_tensor::{Array, DType};

/// Texts as users write them.
const EXPRESSIONS: [&str; 3] = [
    "x * sigmoid(1.5 * x)",
    "where(x > 0, x, 0.3 * (exp(x) - 1))",
    "t = tanh(softplus(x)); x * t + 0.1 * sin(2 * x)",
];
const TOLERANCE: f64 = 1e-5;
const FEATURES: usize = 6;

/// An activation's values and slopes for `[N, 6]`.
fn program(text: &str) -> Graph {
    let activation = Activation::parse(text).unwrap();
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[FEATURES])));
    let y = activation.apply(&x).unwrap();
    tracer.output("y", &y).unwrap();
    let total = sum(&(&y * &y * 0.5), None, false);
    tracer.output("dx", &gradients(&total, &[&x]).unwrap()[0]).unwrap();
    tracer.finish()
}

/// From −9 to 9, with zeros of both signs among them.
fn points(batch: usize) -> Vec<Array> {
    let count = batch * FEATURES;
    let value = |place: usize| match place % 11 {
        0 => 0.0,
        1 => -0.0,
        other => (place as f32 * 0.73).sin() * other as f32 * 0.9,
    };
    let values: Vec<f32> = (0..count).map(value).collect();
    vec![Array::from_slice(&[batch, FEATURES], &values).unwrap()]
}

#[test]
fn every_activation_and_three_expressions_with_their_slopes() {
    let backends = NamedBackend::all();
    let mut wrong = Vec::new();
    for text in ACTIVATIONS.iter().map(|builtin| builtin.name).chain(EXPRESSIONS) {
        let graph = program(text);
        let expected = run_batches(&InterpreterBackend, &graph, 1, points).unwrap();
        for NamedBackend { name, backend } in &backends {
            let actual = run_batches(&**backend, &graph, 2, points).unwrap();
            for (place, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                if let Some(what) = difference(actual, expected, TOLERANCE) {
                    wrong.push(format!("{name}, {text}, output {place}: {what}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
