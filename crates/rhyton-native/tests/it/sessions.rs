use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhyton_graph::{
    Backend, Error, InterpreterBackend, RunOptions, Session, Shape, Spec, Tracer, VariableId,
    VariableSpec, matmul, transpose,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType};

use crate::blog::{Activation, Network, batch};
use crate::compare::{on_any_machine, sample};

fn variables(count: usize) -> Arc<[VariableSpec]> {
    let spec = |place: usize| VariableSpec {
        name: format!("v{place}"),
        spec: Spec::new(DType::F32, &[4, 4][..]),
    };
    (0..count).map(spec).collect()
}

fn values(session: &dyn Session, count: u32) -> Vec<Array> {
    (0..count).map(|place| session.read(VariableId(place)).unwrap()).collect()
}

/// Assignments that read each other's old values: swaps, transposes, a value for two variables,
/// an old value that leaves the program.
#[test]
fn assignments_see_the_values_from_before_the_run() {
    let tracer = Tracer::new(variables(6));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[4])));
    let v: Vec<_> = (0..6).map(|place| tracer.variable(VariableId(place))).collect();
    let sum = &v[0] + &v[1];
    let product = matmul(&v[2], &v[3]);
    tracer.output("old", &v[0]).unwrap();
    tracer.output("sum", &sum).unwrap();
    tracer.output("used", &matmul(&x, &v[5])).unwrap();
    tracer.assign(VariableId(0), &v[1]);
    tracer.assign(VariableId(1), &v[0]);
    tracer.assign(VariableId(2), &(&product + &v[2]));
    tracer.assign(VariableId(3), &transpose(&v[3], &[1, 0]));
    tracer.assign(VariableId(4), &sum);
    tracer.assign(VariableId(5), &(&v[5] * 2.0 + &sum + transpose(&v[5], &[1, 0])));
    let graph = tracer.finish();
    let input = sample(DType::F32, &[3, 4], 9);
    let mut results = Vec::new();
    for backend in [&NativeBackend as &dyn Backend, &InterpreterBackend] {
        let session = backend.session(None, variables(6)).unwrap();
        for place in 0..6 {
            let value = Array::full(DType::F32, &[4, 4], 0.0);
            session.write(VariableId(place), &value).unwrap();
            let value = sample(DType::F32, &[4, 4], place);
            session.write(VariableId(place), &value).unwrap();
        }
        let program = session.compile(&graph).unwrap();
        let mut outputs = Vec::new();
        let mut all = Vec::new();
        for _ in 0..2 {
            program.run(&[&input], &mut outputs, &RunOptions::default()).unwrap();
            all.extend(outputs.clone());
        }
        all.extend(values(session.as_ref(), 6));
        results.push(all);
    }
    for (place, (actual, expected)) in results[0].iter().zip(&results[1]).enumerate() {
        let error = rhyton_testing::lock_step_error(&actual.to_f64(), &expected.to_f64());
        assert!(error < 1e-5, "{place}: {actual:?} {expected:?}");
    }
}

#[test]
fn a_cancelled_run_changes_nothing() {
    let network = Network { sizes: [20, 17, 9, 5], activation: Activation::Swish };
    let session = NativeBackend.session(None, network.variables()).unwrap();
    network.initialise(session.as_ref()).unwrap();
    let before = values(session.as_ref(), 27);
    let step = session.compile(&network.training_step().unwrap()).unwrap();
    let [x, labels] = batch(&network, 8);
    let cancel = Some(Arc::new(AtomicBool::new(true)));
    let options = RunOptions { threads: 1, cancel };
    let result = step.run(&[&x, &labels], &mut Vec::new(), &options);
    assert!(matches!(result, Err(Error::Cancelled)));
    assert!(values(session.as_ref(), 27) == before);
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let network = Network { sizes: [20, 17, 9, 5], activation: Activation::Relu };
    let session = NativeBackend.session(None, network.variables()).unwrap();
    let program = session.compile(&network.prediction().unwrap()).unwrap();
    let wrong = Array::zeros(DType::F32, &[2, 19]);
    let error = program.run(&[&wrong], &mut Vec::new(), &RunOptions::default()).unwrap_err();
    insta::assert_snapshot!(error, @"run: input `x` expected float32[N, 20] with N = 2, received float32[2, 19]");
    let error = NativeBackend.session(Some("gpu"), network.variables()).err().unwrap();
    insta::assert_snapshot!(error, @"backend native: there is no device `gpu`; use `native` or `native:cpu`");
}

#[test]
fn predictions_run_side_by_side() {
    let network = Network { sizes: [64, 32, 16, 5], activation: Activation::Swish };
    let session = NativeBackend.session(None, network.variables()).unwrap();
    network.initialise(session.as_ref()).unwrap();
    let program = session.compile(&network.prediction().unwrap()).unwrap();
    let run = |count: usize| {
        let [x, _] = batch(&network, count);
        let mut outputs = Vec::new();
        for _ in 0..20 {
            program.run(&[&x], &mut outputs, &RunOptions::default()).unwrap();
        }
        outputs.remove(0)
    };
    let alone: Vec<Array> = [1, 7, 128].map(run).into();
    let together: Vec<Array> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            [1, 7, 128].into_iter().map(|count| scope.spawn(move || run(count))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(alone == together);
}

#[test]
fn a_plan_explains_itself() {
    let tracer = Tracer::new(variables(1));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[4])));
    let weight = tracer.variable(VariableId(0));
    let y = tracer
        .scope("dense", || {
            let z = matmul(&x, &weight);
            Ok(&z * rhyton_graph::sigmoid(&z))
        })
        .unwrap();
    tracer.output("y", &y).unwrap();
    tracer.output("sum", &rhyton_graph::sum(&y, Some(&[0]), false)).unwrap();
    tracer.output("whole", &rhyton_graph::cast(&x, DType::I64)).unwrap();
    tracer.assign(VariableId(0), &(&weight * 0.5));
    let text = on_any_machine(&NativeBackend.explain(&tracer.finish(), 16));
    // The last line's sizes depend on the vector width.
    let (steps, total) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(total.starts_with("N = 16: 5 steps, arena "), "{total}");
    insta::assert_snapshot!(steps, @r"
      0 REFERENCE cast to int64[N, 4]: in0 -> out2, 768 B
      1 chain [4, 4] of multiply (0 loads, 0 spread): var0 const2 -> tmp7, 132 B
      2 product 1x[16, 4, 4] then chain [N, 4] of multiply (0 loads, 0 spread): in0 var0 tmp6 -> out0 tmp6 tmp8, 1088 B  (dense)
      3 Sum over [0] of float32[N, 4]: out0 -> out1, 272 B
      4 copy of float32[4, 4]: tmp7 -> var0, 128 B
    ");
}
