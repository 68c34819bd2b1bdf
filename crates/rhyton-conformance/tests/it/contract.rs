use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhyton_conformance::NamedBackend;
use rhyton_graph::{
    Backend, Dim, Error, Graph, InterpreterBackend, RunOptions, Session, Shape, Slice, Spec,
    Tensor, Tracer, VariableId, VariableSpec,
};
use rhyton_tensor::{Array, DType};

fn variables() -> Arc<[VariableSpec]> {
    let variable =
        |name: &str| VariableSpec { name: name.to_owned(), spec: Spec::new(DType::F32, &[3][..]) };
    Arc::new([variable("first"), variable("second")])
}

/// Exchanges the two variables, adds the batch's sum to the first, returns its value from before.
fn exchange() -> Graph {
    let tracer = Tracer::new(variables());
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[3])));
    let [first, second] = [0, 1].map(|place| tracer.variable(VariableId(place)));
    tracer.assign(VariableId(0), &(&second + rhyton_graph::sum(&x, Some(&[0]), false)));
    tracer.assign(VariableId(1), &first);
    tracer.output("before", &first).unwrap();
    tracer.finish()
}

fn read(session: &dyn Session, place: u32) -> Vec<f32> {
    session.read(VariableId(place)).unwrap().view::<f32>().to_vec()
}

fn row(values: [f32; 3]) -> Array {
    Array::from_slice(&[3], &values).unwrap()
}

#[test]
fn variables_begin_at_zero_and_assignments_take_effect_after_the_run() {
    for NamedBackend { name, backend } in NamedBackend::all() {
        let session = backend.session(None, variables()).unwrap();
        assert_eq!(read(&*session, 0), [0.0; 3], "{name}");
        session.write(VariableId(0), &row([1.0, 2.0, 3.0])).unwrap();
        session.write(VariableId(1), &row([10.0, 20.0, 30.0])).unwrap();
        let program = session.compile(&exchange()).unwrap();
        let ones = Array::full(DType::F32, &[4, 3], 1.0);
        let mut outputs = Vec::new();
        program.run(&[&ones], &mut outputs, &RunOptions::default()).unwrap();
        assert_eq!(outputs[0].view::<f32>(), [1.0, 2.0, 3.0], "{name}");
        assert_eq!(read(&*session, 0), [14.0, 24.0, 34.0], "{name}");
        assert_eq!(read(&*session, 1), [1.0, 2.0, 3.0], "{name}");
        program.run(&[&ones], &mut outputs, &RunOptions::default()).unwrap();
        assert_eq!(outputs[0].view::<f32>(), [14.0, 24.0, 34.0], "{name}");
        assert_eq!(read(&*session, 1), [14.0, 24.0, 34.0], "{name}");
    }
}

/// Programs that have a meaning for some batches only, with the smallest of them.
fn parts_of_a_batch() -> Vec<(&'static str, Graph, usize)> {
    let program = |sizes: &[usize], write: &dyn Fn(&Tensor) -> Tensor| {
        let tracer = Tracer::new(Arc::new([]));
        let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(sizes)));
        tracer.output("y", &write(&x)).unwrap();
        tracer.finish()
    };
    let cut = |x: &Tensor, ranges: &[(Dim, Dim)]| {
        let (start, limit) = ranges.iter().copied().unzip();
        Tensor::emit(Slice { start, limit, stride: vec![1; ranges.len()] }, &[x])
    };
    let [zero, one, two, five] = [0, 1, 2, 5].map(Dim::fixed);
    let first = move |x: &Tensor| cut(x, &[(zero, five), (zero, two)]);
    vec![
        ("the first five rows", program(&[2], &first), 5),
        (
            "the first five columns",
            program(&[3], &|x| {
                let turned = rhyton_graph::transpose(x, &[1, 0]);
                cut(&turned, &[(zero, one), (zero, five)])
            }),
            5,
        ),
        (
            "all rows but two and a constant",
            program(&[], &|x| {
                let five = x.constant(Array::full(DType::F32, &[5], 1.0));
                rhyton_graph::concatenate(&[cut(x, &[(two, Dim::BATCH)]), five], 0)
            }),
            2,
        ),
        (
            "the gradient of the first five rows",
            program(&[2], &|x| {
                let loss = rhyton_graph::sum(&(first(x) * 3.0), None, false);
                rhyton_graph::gradients(&loss, &[x]).unwrap().remove(0)
            }),
            5,
        ),
    ]
}

#[test]
fn a_batch_that_is_too_small_is_an_error() {
    for (what, graph, smallest) in parts_of_a_batch() {
        let sample = &graph.node(graph.inputs[0]).spec.shape[1..];
        let sizes: Vec<usize> = sample.iter().filter_map(|dim| dim.fixed_size()).collect();
        let run = |backend: &dyn Backend, batch: usize| {
            let shape: Vec<usize> = std::iter::once(batch).chain(sizes.iter().copied()).collect();
            let count = shape.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let x = Array::from_slice(&shape, &values).unwrap();
            let session = backend.session(None, Arc::new([])).unwrap();
            let mut outputs = Vec::new();
            let program = session.compile(&graph).unwrap();
            program.run(&[&x], &mut outputs, &RunOptions::default()).map(|()| outputs)
        };
        for NamedBackend { name, backend } in NamedBackend::all() {
            for batch in 1..smallest {
                let error = run(&*backend, batch).expect_err(name);
                assert!(matches!(error, Error::Argument { .. }), "{name}, {what}: {error}");
            }
            let expected = run(&InterpreterBackend, smallest).unwrap();
            assert_eq!(run(&*backend, smallest).unwrap(), expected, "{name}, {what}");
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_changes_nothing() {
    for NamedBackend { name, backend } in NamedBackend::all() {
        assert!(backend.session(Some("no such device"), variables()).is_err(), "{name}");
        let session = backend.session(None, variables()).unwrap();
        session.write(VariableId(0), &row([1.0, 2.0, 3.0])).unwrap();
        let long = Array::zeros(DType::F32, &[4]);
        let whole = Array::zeros(DType::I32, &[3]);
        for wrong in [&long, &whole] {
            let error = session.write(VariableId(0), wrong).unwrap_err();
            assert!(matches!(error, Error::Input { .. }), "{name}: {error}");
        }
        let program = session.compile(&exchange()).unwrap();
        let mut outputs = Vec::new();
        let narrow = Array::zeros(DType::F32, &[2, 2]);
        for wrong in [&[][..], &[&narrow], &[&whole]] {
            let error = program.run(wrong, &mut outputs, &RunOptions::default()).unwrap_err();
            assert!(matches!(error, Error::Input { .. }), "{name}: {error}");
        }
        let cancel = Some(Arc::new(AtomicBool::new(true)));
        let rows = Array::zeros(DType::F32, &[2, 3]);
        let options = RunOptions { threads: 1, cancel };
        let error = program.run(&[&rows], &mut outputs, &options).unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{name}: {error}");
        assert_eq!(read(&*session, 0), [1.0, 2.0, 3.0], "{name}");
        assert_eq!(read(&*session, 1), [0.0; 3], "{name}");
    }
}
