use std::sync::Arc;

use rhyton_conformance::{EXCEPTIONS, NamedBackend, difference, excused, run_batches};
use rhyton_graph::testing::{Case, cases};
use rhyton_graph::{
    Graph, InterpreterBackend, Spec, Tensor, Tracer, cast, gradients, multiply, sum_axes,
};
use rhyton_tensor::{Array, DType};

const TOLERANCE: f64 = 2e-5;
/// Needs a session's variable behind it; `training` and `contract` assign.
const ELSEWHERE: &str = "assign";

/// The case's results, and the gradient of their weighted sum by every float operand.
fn program(case: &Case) -> Graph {
    let tracer = Tracer::new(Arc::new([]));
    let named = case.samples.iter().enumerate();
    let operands: Vec<Tensor> =
        named.map(|(at, sample)| tracer.input(&format!("x{at}"), sample.spec().clone())).collect();
    let results = (case.function)(&operands);
    for (place, result) in results.iter().enumerate() {
        tracer.output(&format!("y{place}"), result).unwrap();
    }
    let floats = results.iter().filter(|result| result.dtype().is_float());
    let total = floats
        .map(|result| {
            let weight = multiply(result, 0.5) + 0.25;
            let axes: Vec<usize> = (0..result.rank()).collect();
            cast(&sum_axes(&(weight * result), &axes), DType::F32)
        })
        .reduce(|sum, part| sum + part);
    let sources: Vec<&Tensor> = operands.iter().filter(|x| x.dtype().is_float()).collect();
    if let Some(total) = total {
        for (place, slope) in gradients(&total, &sources).unwrap().iter().enumerate() {
            tracer.output(&format!("dx{place}"), slope).unwrap();
        }
    }
    tracer.finish()
}

fn inputs(case: &Case, batch: usize) -> Vec<Array> {
    let operands = case.samples.iter().enumerate();
    let array = |(place, sample): (usize, &rhyton_graph::testing::Sample)| {
        let Spec { dtype, .. } = *sample.spec();
        sample.array(place, batch, dtype)
    };
    operands.map(array).collect()
}

#[test]
fn every_primitive_and_its_gradient() {
    let backends = NamedBackend::all();
    let mut wrong = Vec::new();
    for case in cases().iter().filter(|case| case.name != ELSEWHERE) {
        let graph = program(case);
        let expected = run_batches(&InterpreterBackend, &graph, 1, |n| inputs(case, n)).unwrap();
        for NamedBackend { name, backend } in &backends {
            let session = backend.session(None, Arc::new([])).unwrap();
            let refused = session.unsupported(&graph);
            if let Some(node) = refused.iter().find(|node| !excused(name, &node.primitive)) {
                wrong.push(format!("{name}, {}: {} {}", case.name, node.primitive, node.reason));
            }
            if !refused.is_empty() {
                assert!(
                    session.compile(&graph).is_err(),
                    "{name} refuses and compiles {}",
                    case.name
                );
                continue;
            }
            let actual = run_batches(&**backend, &graph, 2, |n| inputs(case, n)).unwrap();
            let pairs = actual.iter().zip(&expected).enumerate();
            for (place, (actual, expected)) in pairs {
                if let Some(what) = difference(actual, expected, TOLERANCE) {
                    let output = &graph.outputs[place % graph.outputs.len()].0;
                    wrong.push(format!("{name}, {}, output {place} ({output}): {what}", case.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn exceptions_are_up_to_date() {
    for NamedBackend { name, backend } in NamedBackend::all() {
        let session = backend.session(None, Arc::new([])).unwrap();
        for row in EXCEPTIONS.iter().filter(|row| row.backend == name) {
            let all = cases();
            let case = all.iter().find(|case| case.name == row.primitive).unwrap();
            let refused = session.unsupported(&program(case));
            let found = refused.iter().any(|node| node.primitive == row.primitive);
            assert!(found, "{name} runs {} now: take its row away", row.primitive);
        }
    }
}
