use std::sync::Arc;

use proptest::prelude::*;
use rhyton_tensor::{Array, DType};

use super::{PASSES, simplify};
use crate::testing::random::{arrays, graphs, variables};
use crate::{
    Backend, Graph, InterpreterBackend, Primitive, RunOptions, Shape, Spec, Tracer, VariableId,
    gradients, mean, relu, tanh,
};

/// All outputs of a program, and its variables after the run.
fn run(graph: &Graph, batch: usize) -> Result<Vec<Array>, String> {
    let session = InterpreterBackend.session(None, variables()).unwrap();
    for place in 0..2 {
        let value = Array::from_slice(&[3], &[0.5_f32, -1.0, f32::NAN]).unwrap();
        session.write(VariableId(place), &value).unwrap();
    }
    let arrays = arrays(batch);
    let mut outputs = Vec::new();
    let program = session.compile(graph).unwrap();
    let inputs: Vec<&Array> = arrays.iter().collect();
    program
        .run(&inputs, &mut outputs, &RunOptions::default())
        .map_err(|error| error.to_string())?;
    outputs.extend((0..2).map(|place| session.read(VariableId(place)).unwrap()));
    Ok(outputs)
}

fn shapes_hold(graph: &Graph) -> bool {
    graph.iter().all(|(id, node)| {
        let operands: Vec<Spec> =
            node.operands.iter().map(|operand| graph.node(*operand).spec.clone()).collect();
        let earlier = node.operands.iter().all(|operand| *operand < id);
        earlier && node.primitive.rule().infer(&operands).is_ok_and(|spec| spec == node.spec)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_pass_keeps_every_bit(graph in graphs()) {
        let mut rewritten: Vec<_> =
            PASSES.iter().map(|pass| (pass.name, (pass.run)(&graph))).collect();
        rewritten.push(("simplify", simplify(&graph)));
        for batch in [1, 3] {
            // A program that fails (a slice past a small batch) may be rewritten to one that
            // does not compute the failing part.
            let Ok(expected) = run(&graph, batch) else { continue };
            for (name, other) in &rewritten {
                prop_assert!(shapes_hold(other), "{name}");
                prop_assert_eq!(other.inputs.len(), graph.inputs.len());
                prop_assert_eq!(&run(other, batch).unwrap(), &expected, "{} at N = {}", name, batch);
            }
        }
    }

    #[test]
    fn simplifying_twice_changes_nothing(graph in graphs()) {
        let once = simplify(&graph);
        prop_assert!(once.nodes.len() <= graph.nodes.len());
        prop_assert!(simplify(&once).nodes.len() <= once.nodes.len());
    }
}

#[test]
fn equal_things_are_computed_once() {
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[3])));
    let unused = tracer.input("unused", Spec::new(DType::F32, Shape::scalar()));
    let two = x.scalar_like(1.0) + x.scalar_like(1.0);
    let y = tanh(&x * &two) + tanh(&x * (x.scalar_like(2.0)));
    let _ = &unused * 3.0;
    tracer.output("y", &y).unwrap();
    let graph = simplify(&tracer.finish());
    insta::assert_snapshot!(graph.to_string(), @r#"
    rhyton-graph 1
    %0 = input{name="x", spec=float32[N, 3]} : float32[N, 3]
    %1 = input{name="unused", spec=float32[]} : float32[]
    %2 = constant{array=float32[](2.0)} : float32[]
    %3 = broadcast{shape=[N, 3], axes=[]} %2 : float32[N, 3]
    %4 = multiply %0, %3 : float32[N, 3]
    %5 = tanh %4 : float32[N, 3]
    %6 = add %5, %5 : float32[N, 3]
    output "y" %6
    "#);
}

#[test]
fn a_training_step_gets_smaller_and_stays_fast() {
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[4])));
    let w = tracer.input("w", Spec::new(DType::F32, &[4, 4][..]));
    let layers = (0..200).fold(x, |x, _| relu(&crate::matmul(&x, &w)));
    let gradient = gradients(&mean(&layers, None, false), &[&w]).unwrap().remove(0);
    tracer.output("dw", &gradient).unwrap();
    let graph = tracer.finish();
    let small = simplify(&graph);
    assert!(graph.nodes.len() > 2_000 && small.nodes.len() < graph.nodes.len() * 2 / 3);
    let constants = |graph: &Graph| {
        graph.nodes.iter().filter(|node| matches!(node.primitive, Primitive::Constant(_))).count()
    };
    assert!(constants(&small) < 4, "{}", constants(&small));
}
