use rhyton_graph::{
    Backend, Dim, InterpreterBackend, RunOptions, Shape, Spec, Tensor, Tracer, argmax, cast, equal,
    gradients, log, log_softmax, matmul, mean, one_hot, random_bits, reshape_to, rsqrt, sigmoid,
    softmax, square, sum, uniform, variance, where_,
};
use rhyton_tensor::DType;
use rhyton_testing::{Tolerance, assert_close};

use super::*;
use crate::installed;

/// The network's weights and slots, in the order of the variables.
const VARIABLES: [(&str, &[usize]); 14] = [
    ("dense/kernel", &[12, 16]),
    ("dense/bias", &[16]),
    ("batch_normalization/gamma", &[16]),
    ("batch_normalization/beta", &[16]),
    ("dense_1/kernel", &[16, 5]),
    ("dense_1/bias", &[5]),
    ("momentum/0", &[12, 16]),
    ("momentum/1", &[16]),
    ("momentum/2", &[16]),
    ("momentum/3", &[16]),
    ("momentum/4", &[16, 5]),
    ("momentum/5", &[5]),
    ("batch_normalization/moving_mean", &[16]),
    ("batch_normalization/moving_variance", &[16]),
];
const TRAINABLE: usize = 6;
const MOVING: usize = 12;
const CLASSES: usize = 5;

fn specs() -> Arc<[VariableSpec]> {
    let spec = |(name, shape): (&str, &[usize])| VariableSpec {
        name: name.to_owned(),
        spec: Spec::new(DType::F32, shape),
    };
    VARIABLES.into_iter().map(spec).collect()
}

fn wave(shape: &[usize], seed: usize, scale: f32) -> Array {
    let count = shape.iter().product::<usize>();
    let values: Vec<f32> =
        (0..count).map(|i| ((i * 3 + seed * 17) as f32 * 0.71).sin() * scale).collect();
    Array::from_slice(shape, &values).unwrap()
}

fn start(session: &dyn Session) {
    for (place, (name, shape)) in VARIABLES.into_iter().enumerate() {
        let value = match name {
            _ if name.ends_with("kernel") => wave(shape, place, 0.5),
            _ if name.ends_with("gamma") || name.ends_with("variance") => {
                Array::full(DType::F32, shape, 1.0)
            }
            _ => Array::zeros(DType::F32, shape),
        };
        session.write(VariableId(place as u32), &value).unwrap();
    }
}

/// Normalised over the batch while training, by the moving statistics otherwise.
fn normalized(tracer: &Tracer, x: &Tensor, weights: &[Tensor], training: bool) -> Tensor {
    let moving = [0, 1].map(|i| VariableId((MOVING + i) as u32));
    let [mut centre, mut spread] = moving.map(|id| tracer.variable(id));
    if training {
        let batch = [mean(x, Some(&[0]), false), variance(x, Some(&[0]), false)];
        for (id, value) in moving.into_iter().zip(&batch) {
            tracer.assign(id, &(tracer.variable(id) * 0.99 + value * 0.01));
        }
        [centre, spread] = batch;
    }
    (x - centre) * rsqrt(spread + 1e-3) * &weights[2] + &weights[3]
}

fn dropout(x: &Tensor, key: &Tensor, rate: f64) -> Tensor {
    let rows = rhyton_graph::iota_like(&reshape_to(x, x.shape().clone()), 0, DType::U32);
    let column = Shape::from(vec![Dim::BATCH, 1.into()]);
    let first = Tensor::emit(
        rhyton_graph::Slice {
            start: vec![0.into(), 0.into()],
            limit: vec![Dim::BATCH, 1.into()],
            stride: vec![1, 1],
        },
        &[&rows],
    );
    let first = reshape_to(&first, column);
    let counter = rhyton_graph::concatenate(&[first.clone(), first], 1);
    let width = x.shape()[1].fixed_size().unwrap();
    let keep = rhyton_graph::greater_equal(uniform(&random_bits(key, &counter, width)), rate);
    where_(keep, x / (1.0 - rate), 0.0)
}

/// Dense, batch normalization, swish, dropout, dense: the blog's network, smaller.
fn network(tracer: &Tracer, x: &Tensor, weights: &[Tensor], key: Option<&Tensor>) -> Tensor {
    let hidden = matmul(x, &weights[0]) + &weights[1];
    let hidden = normalized(tracer, &hidden, weights, key.is_some());
    let hidden = &hidden * sigmoid(&hidden * 1.5);
    let hidden = key.map_or(hidden.clone(), |key| dropout(&hidden, key, 0.25));
    matmul(&hidden, &weights[4]) + &weights[5]
}

fn loss_and_accuracy(logits: &Tensor, labels: &Tensor) -> (Tensor, Tensor) {
    let wanted = one_hot(labels, CLASSES, DType::F32);
    let losses = -sum(&(wanted * log_softmax(logits, -1)), Some(&[-1]), false);
    let right = cast(&equal(argmax(logits, -1), labels), DType::F32);
    (mean(&losses, None, false), mean(&right, None, false))
}

fn tracer() -> (Tracer, Tensor, Tensor, Vec<Tensor>) {
    let tracer = Tracer::new(specs());
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[12])));
    let labels = tracer.input("labels", Spec::new(DType::I32, Shape::batched(&[])));
    let weights = (0..TRAINABLE).map(|id| tracer.variable(VariableId(id as u32))).collect();
    (tracer, x, labels, weights)
}

fn training_step() -> Graph {
    let (tracer, x, labels, weights) = tracer();
    let key = tracer.input("key", Spec::new(DType::U32, &[2][..]));
    let logits = network(&tracer, &x, &weights, Some(&key));
    let (loss, accuracy) = loss_and_accuracy(&logits, &labels);
    let references: Vec<&Tensor> = weights.iter().collect();
    let slopes = gradients(&loss, &references).unwrap();
    for (place, (weight, slope)) in weights.iter().zip(&slopes).enumerate() {
        let slot = VariableId((TRAINABLE + place) as u32);
        let momentum = tracer.assign(slot, &(tracer.variable(slot) * 0.9 - slope * 0.05));
        tracer.assign(VariableId(place as u32), &(weight + momentum));
    }
    tracer.output("loss", &loss).unwrap();
    tracer.output("accuracy", &accuracy).unwrap();
    tracer.finish()
}

fn evaluation() -> Graph {
    let (tracer, x, labels, weights) = tracer();
    let logits = network(&tracer, &x, &weights, None);
    let (loss, accuracy) = loss_and_accuracy(&logits, &labels);
    tracer.output("loss", &loss).unwrap();
    tracer.output("accuracy", &accuracy).unwrap();
    tracer.output("probabilities", &softmax(&logits, -1)).unwrap();
    tracer.output("surprise", &-log(softmax(&logits, -1))).unwrap();
    tracer.output("squares", &square(&weights[0])).unwrap();
    tracer.finish()
}

fn batch(step: usize, rows: usize) -> [Array; 3] {
    let labels: Vec<i32> = (0..rows).map(|row| ((row * 7 + step) % CLASSES) as i32).collect();
    let labels = Array::from_slice(&[rows], &labels).unwrap();
    [wave(&[rows, 12], step, 1.0), labels, Array::from_slice(&[2], &[7_u32, step as u32]).unwrap()]
}

fn run(program: &dyn Executable, inputs: &[&Array]) -> Vec<Array> {
    let mut outputs = Vec::new();
    program.run(inputs, &mut outputs, &RunOptions::default()).unwrap();
    outputs
}

fn assert_arrays_close(actual: &Array, expected: &Array, bound: f64) {
    assert_eq!(actual.shape(), expected.shape());
    let tolerance = Tolerance::relative(bound).and_absolute(bound);
    assert_close(&actual.to_f64(), &expected.to_f64(), tolerance);
}

/// Twenty steps of SGD with momentum from the same start, the last batch smaller; then evaluation
/// of another batch size on the same sessions.
#[test]
fn training_is_in_lock_step_with_the_interpreter() {
    let Some(session) = installed::session(specs()) else { return };
    let oracle = InterpreterBackend.session(None, specs()).unwrap();
    let sessions = [&*session, &*oracle];
    let programs = sessions.map(|session| {
        start(session);
        [training_step(), evaluation()].map(|graph| session.compile(&graph).unwrap())
    });
    for step in 0..20 {
        let inputs = batch(step, if step % 5 == 4 { 7 } else { 32 });
        let [ours, theirs] = [0, 1].map(|s| run(&*programs[s][0], &inputs.each_ref()));
        for (actual, expected) in ours.iter().zip(&theirs) {
            assert_arrays_close(actual, expected, 1e-4);
        }
    }
    for (place, (name, _)) in VARIABLES.into_iter().enumerate() {
        let [actual, expected] =
            sessions.map(|session| session.read(VariableId(place as u32)).unwrap());
        println!("{name}");
        assert_arrays_close(&actual, &expected, 1e-4);
    }
    for rows in [1, 7, 128] {
        let [x, labels, _] = batch(99, rows);
        let [ours, theirs] = [0, 1].map(|s| run(&*programs[s][1], &[&x, &labels]));
        for (actual, expected) in ours.iter().zip(&theirs) {
            assert_arrays_close(actual, expected, 1e-4);
        }
    }
}

/// Two variables change places: both reads come before either assignment, in every run.
#[test]
fn reads_see_what_was_before_the_run() {
    let spec =
        |name: &str| VariableSpec { name: name.to_owned(), spec: Spec::new(DType::F32, &[3][..]) };
    let specs: Arc<[VariableSpec]> = Arc::new([spec("a"), spec("b")]);
    let Some(session) = installed::session(Arc::clone(&specs)) else { return };
    let (a, b) = (VariableId(0), VariableId(1));
    assert_eq!(session.read(a).unwrap(), Array::zeros(DType::F32, &[3]));
    let values =
        [[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]].map(|v| Array::from_slice(&[3], &v).unwrap());
    session.write(a, &values[0]).unwrap();
    session.write(b, &values[1]).unwrap();
    let tracer = Tracer::new(specs);
    let (before_a, before_b) = (tracer.variable(a), tracer.variable(b));
    tracer.assign(a, &before_b);
    tracer.assign(b, &before_a);
    tracer.output("a", &before_a).unwrap();
    tracer.output("sum", &(&before_a + &before_b * 10.0)).unwrap();
    let program = session.compile(&tracer.finish()).unwrap();
    for turn in 0..50 {
        let outputs = run(&*program, &[]);
        assert_eq!(outputs[0], values[turn % 2], "turn {turn}");
    }
    assert_eq!(session.read(a).unwrap(), values[0]);
    assert_eq!(session.read(b).unwrap(), values[1]);
    let error = session.write(a, &Array::zeros(DType::F32, &[4])).unwrap_err();
    insta::assert_snapshot!(error, @"run: input `a` expected float32[3], received float32[4]");
}

#[test]
fn a_run_can_be_cancelled_and_outputs_keep_their_storage() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[4])));
    tracer.output("y", &(&x * 2.0)).unwrap();
    let program = session.compile(&tracer.finish()).unwrap();
    let mut outputs = Vec::new();
    program.run(&[&wave(&[9, 4], 0, 1.0)], &mut outputs, &RunOptions::default()).unwrap();
    let place = outputs[0].bytes().as_ptr();
    program.run(&[&wave(&[3, 4], 0, 1.0)], &mut outputs, &RunOptions::default()).unwrap();
    assert_eq!(outputs[0].bytes().as_ptr(), place);
    assert_eq!(outputs[0].shape(), [3, 4]);
    let cancel = Some(Arc::new(std::sync::atomic::AtomicBool::new(true)));
    let options = RunOptions { cancel, ..RunOptions::default() };
    let result = program.run(&[&wave(&[3, 4], 0, 1.0)], &mut outputs, &options);
    insta::assert_snapshot!(result.unwrap_err(), @"run: cancelled");
    let wrong = program.run(&[&wave(&[3, 5], 0, 1.0)], &mut outputs, &RunOptions::default());
    insta::assert_snapshot!(wrong.unwrap_err(), @"run: input `x` expected float32[N, 4] with N = 3, received float32[3, 5]");
}

#[test]
fn programs_run_side_by_side() {
    let Some(session) = installed::session(specs()) else { return };
    start(&*session);
    let program = session.compile(&evaluation()).unwrap();
    let [x, labels, _] = batch(1, 16);
    let expected = run(&*program, &[&x, &labels]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(run(&*program, &[&x, &labels]), expected);
                }
            });
        }
    });
}
