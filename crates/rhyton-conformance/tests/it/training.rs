use std::sync::{Mutex, PoisonError};

use rhyton::configuration::{Settings, configure};
use rhyton::{
    Array, BatchNormalization, Compile, Dense, Dropout, Evaluate, Fit, Flatten, Model, Predict,
    SGD, Sequential, Verbose,
};
use rhyton_conformance::{NamedBackend, tensorflow_library};
use rhyton_tensor::{philox4x32, uniform_f32};
use rhyton_testing::lock_step_error;

const TOLERANCE: f64 = 1e-4;
/// Two epochs of nine whole batches and a part: 20 steps.
const SAMPLES: usize = 300;
const BATCH_SIZE: usize = 32;
const EPOCHS: usize = 2;

/// Settings belong to the process; tests of one process take turns.
pub(crate) static TURN: Mutex<()> = Mutex::new(());

/// Noisy images whose bright row is their class.
fn images() -> (Array, Array) {
    let pixel = |sample: usize, place: usize| {
        let word = philox4x32([3, 1], [sample as u32, place as u32, 0, 0])[0];
        let bright = if place / 4 == sample % 3 { 1.0 } else { 0.0 };
        bright + uniform_f32(word) - 0.5
    };
    let pixels: Vec<f32> = (0..SAMPLES * 16).map(|place| pixel(place / 16, place % 16)).collect();
    let labels: Vec<i32> = (0..SAMPLES as i32).map(|sample| sample % 3).collect();
    let x = Array::from_slice(&[SAMPLES, 4, 4], &pixels).unwrap();
    (x, Array::from_slice(&[SAMPLES], &labels).unwrap())
}

/// The blog's network, smaller, on the backend that is configured.
fn model() -> Model {
    let mut model = Sequential::new()
        .input(&[4, 4])
        .add(Flatten::new())
        .add(Dense::new(24).activation("swish"))
        .add(Dense::new(12).activation("x * sigmoid(1.5 * x)"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.2))
        .add(Dense::new(3).activation("softmax"))
        .build()
        .unwrap();
    let compile = Compile::new()
        .optimizer(SGD::new(0.05).momentum(0.9))
        .loss("sparse_categorical_crossentropy")
        .metrics(["accuracy"]);
    model.compile(compile).unwrap();
    model
}

/// What training leaves and says: weights, then loss and accuracy of every epoch, those of an
/// evaluation and the predictions of the same session.
fn train(backend: &str, threads: usize) -> Vec<(String, Vec<f64>)> {
    configure(Settings {
        backend: backend.to_owned(),
        threads,
        tensorflow_library: tensorflow_library(),
        ..Settings::default()
    });
    let (x, y) = images();
    let mut model = model();
    assert_eq!(model.backend(), backend);
    let fit = Fit::new()
        .epochs(EPOCHS)
        .batch_size(BATCH_SIZE)
        .shuffle(false)
        .seed(11)
        .verbose(Verbose::Silent);
    let history = model.fit(&x, &y, fit).unwrap();
    let mut all: Vec<(String, Vec<f64>)> =
        history.history.iter().map(|(name, values)| (name.clone(), values.clone())).collect();
    let values = model.weight_values().unwrap();
    let weights = model.weights().iter().zip(&values);
    all.extend(weights.map(|((_, weight), value)| (weight.path.clone(), value.to_f64())));
    let logs = model.evaluate(&x, &y, Evaluate::new().batch_size(128)).unwrap();
    all.extend(logs.iter().map(|(name, value)| (format!("evaluated {name}"), vec![*value])));
    for batch_size in [1, 7, 128] {
        let outputs = model.predict(&x, Predict::new().batch_size(batch_size)).unwrap();
        all.push((format!("predictions by {batch_size}"), outputs[0].to_f64()));
    }
    all
}

#[test]
fn a_network_trains_alike_on_every_backend() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let expected = train("interpreter", 1);
    let learned = expected.iter().find(|(name, _)| name == "evaluated accuracy").unwrap();
    assert!(learned.1[0] > 0.8, "{learned:?}");
    for NamedBackend { name, .. } in NamedBackend::all() {
        let actual = train(name, 2);
        for ((what, actual), (_, expected)) in actual.iter().zip(&expected) {
            if what == "dense_1/bias" {
                // Before BatchNormalization the true gradient is zero: rounding alone moves it.
                continue;
            }
            let error = lock_step_error(actual, expected);
            assert!(error <= TOLERANCE, "{name}, {what}: {error:e}");
        }
    }
}

#[test]
fn native_bits_do_not_depend_on_threads() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let one = train("native", 1);
    for threads in [2, 3, 8] {
        let many = train("native", threads);
        for ((what, many), (_, one)) in many.iter().zip(&one) {
            let same = many.iter().zip(one).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{what} differs on {threads} threads");
        }
    }
}
