use std::sync::Arc;

use rhyton_graph::{
    Backend, Error, Graph, InterpreterBackend, Primitive, RunOptions, Shape, Spec, Tensor, Tracer,
    simplify,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType, philox4x32};

/// Values of every kind for an element type, with the troublemakers among them.
pub(crate) fn sample(dtype: DType, shape: &[usize], seed: u32) -> Array {
    scaled(dtype, shape, seed, 1.0)
}

/// As [`sample`], floats times a factor.
fn scaled(dtype: DType, shape: &[usize], seed: u32, scale: f64) -> Array {
    let count: usize = shape.iter().product();
    let word = |place: usize| philox4x32([seed, 3], [place as u32, 0, 0, 0]);
    let value = |place: usize| {
        let [a, b, ..] = word(place);
        let small = (f64::from(a % 2001) / 100.0 - 10.0) * scale;
        match dtype {
            DType::Bool => f64::from(a % 2),
            _ if dtype.is_float() && b % 41 == 0 => {
                [0.0, -0.0, 1.0, 100.0, -100.0][a as usize % 5] * scale
            }
            _ if dtype.is_float() => small,
            _ if dtype.is_signed() => f64::from(a as i32 % if b % 7 == 0 { i32::MAX } else { 40 }),
            _ => f64::from(a % if b % 7 == 0 { u32::MAX } else { 40 }),
        }
    };
    let values: Vec<f64> = (0..count).map(value).collect();
    Array::from_slice(shape, &values).unwrap().cast(dtype)
}

/// Builds a program of inputs `[N, …]` or fixed ones.
pub(crate) fn build(specs: &[Spec], function: impl FnOnce(&[Tensor]) -> Vec<Tensor>) -> Graph {
    let tracer = Tracer::new(Arc::new([]));
    let named = specs.iter().enumerate();
    let inputs: Vec<Tensor> =
        named.map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone())).collect();
    for (place, result) in function(&inputs).iter().enumerate() {
        tracer.output(&format!("y{place}"), result).unwrap();
    }
    tracer.finish()
}

pub(crate) fn spec(dtype: DType, shape: impl Into<Shape>) -> Spec {
    Spec::new(dtype, shape)
}

/// What a plan says of itself on every machine: without what it says of machine code.
pub(crate) fn on_any_machine(plan: &str) -> String {
    let mut parts = plan.split("; machine code");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(&part[part.find(')').unwrap()..]);
    }
    text
}

/// Runs a program through both engines at several batch sizes, one executable for all. What one
/// refuses for a batch, the other must refuse too.
#[track_caller]
pub(crate) fn check(graph: &Graph, batches: &[usize]) {
    check_scaled(graph, batches, 1.0);
}

/// As [`check`], on floats times a factor: sums of large terms that cancel say nothing.
#[track_caller]
pub(crate) fn check_scaled(graph: &Graph, batches: &[usize], scale: f64) {
    let native = NativeBackend.session(None, Arc::new([])).unwrap().compile(graph).unwrap();
    let oracle =
        InterpreterBackend.session(None, Arc::new([])).unwrap().compile(&simplify(graph)).unwrap();
    let (mut actual, mut expected) = (Vec::new(), Vec::new());
    for &batch in batches {
        let arrays: Vec<Array> = graph
            .inputs
            .iter()
            .map(|&id| {
                let spec = &graph.node(id).spec;
                scaled(spec.dtype, &spec.shape.bind(batch), id.0 + batch as u32, scale)
            })
            .collect();
        let inputs: Vec<&Array> = arrays.iter().collect();
        let meant = oracle.run(&inputs, &mut expected, &RunOptions::default());
        if matches!(meant, Err(Error::Argument { .. })) {
            let found = native.run(&inputs, &mut actual, &RunOptions::default());
            assert!(matches!(found, Err(Error::Argument { .. })), "N = {batch}: {found:?}");
            continue;
        }
        meant.unwrap();
        for threads in [1, 3] {
            let options = RunOptions { threads, cancel: None };
            native.run(&inputs, &mut actual, &options).unwrap();
            assert_eq!(actual.len(), expected.len());
            for (actual, expected) in actual.iter().zip(&expected) {
                same(actual, expected, &|| {
                    let nodes: Vec<_> = graph.nodes.iter().map(describe).collect();
                    format!("N = {batch}\n{}", nodes.join("\n"))
                });
            }
        }
    }
}

fn describe(node: &rhyton_graph::Node) -> String {
    let name = match &node.primitive {
        Primitive::Constant(_) => "constant".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{name} {:?} -> {}", node.operands, node.spec)
}

/// Floats agree to 1e-5 of the larger of 1 and the value, everything else in every bit.
#[track_caller]
fn same(actual: &Array, expected: &Array, context: &dyn Fn() -> String) {
    assert_eq!(actual.shape(), expected.shape(), "{}", context());
    assert_eq!(actual.dtype(), expected.dtype(), "{}", context());
    if !expected.dtype().is_float() {
        assert!(actual == expected, "{actual:?}\n{expected:?}\n{}", context());
        return;
    }
    for (a, e) in actual.to_f64().iter().zip(expected.to_f64()) {
        let close = (a - e).abs() <= 1e-5 * e.abs().max(1.0);
        let equal = *a == e || (a.is_nan() && e.is_nan());
        assert!(close || equal, "{a} {e}\n{}", context());
    }
}
