//! Ten activations of a user, none of which is built in, are what built-ins are: trained, saved,
//! loaded where nobody knows them, evaluated at points and summarised, alike on every backend.

use std::sync::PoisonError;

use rhyton::activations::BuiltIn;
use rhyton::configuration::{Settings, configure};
use rhyton::{
    Activation, ActivationLayer, Array, Compile, Dense, Fit, LoadOptions, Model, Predict, Registry,
    SGD, Sequential, SummaryOptions, Verbose, custom_object_scope,
};
use rhyton_conformance::{NamedBackend, difference, tensorflow_library};
use rhyton_formats::ModelFile;
use rhyton_graph::{Tensor, sin};

use crate::training::TURN;

const TOLERANCE: f64 = 1e-5;
const FEATURES: usize = 6;
const SAMPLES: usize = 80;

/// What is registered, by name.
const REGISTERED: [(&str, &str); 6] = [
    ("own_blend", "0.7 * x * sigmoid(a * x) + 0.3 * tanh(x)"),
    ("own_slopes", "where(x > 0, x, a * x)"),
    ("own_bent", "where(x > 1, 1 + log(x), where(x < -1, -1 - log(-x), x))"),
    ("own_steps", "round(2 * x) / 2 derivative \"abs(x) <= 2\""),
    ("own_share", "x / (1 + sum(abs(x)))"),
    ("own_ranked", "s = sparsemax(0.5 * x); x * s + 0.1 * cumsum(x) / cumsum(1)"),
];

/// The ten, as layers name them.
const TEN: [&str; 10] = [
    "own_blend(a=trainable(1.5))",
    "own_slopes(a=trainable(0.2, axis=-1, min=0, max=1))",
    "own_bent",
    "own_steps",
    "own_share(axis=-1)",
    "own_ranked",
    "own_wave(frequency=trainable(1.25))",
    "𝛼(exp(x) - 1) if x < 0 else x",
    "2 * own_bent(x / 2) + 0.1 * mish(x)",
    "min(max(x, -2), 2) + 0.1 * atan(x) + 0.05 * asinh(x) + 0.01 * abs(x) ^ 1.5",
];

/// A registry that knows the names among them.
fn registry() -> Registry {
    let registry = Registry::new();
    for (name, text) in REGISTERED {
        registry.activation_from(name, text).unwrap();
    }
    let wave = |x: &Tensor, frequency: &Tensor| x + sin(x * frequency) * 0.5;
    registry.activation("own_wave", wave, [("frequency", 1.0)]).unwrap();
    registry
}

/// Numbers from −3 to 3 that no rounding brings to a corner.
fn numbers(columns: usize, step: f32) -> Array {
    let values: Vec<f32> =
        (0..SAMPLES * columns).map(|place| 3.0 * (place as f32 * step).sin()).collect();
    Array::from_slice(&[SAMPLES, columns], &values).unwrap()
}

fn untrained(activation: &str) -> ModelFile {
    let model = Sequential::new()
        .input(&[FEATURES])
        .add(Dense::new(8))
        .add(ActivationLayer::new(activation).name("own"))
        .add(Dense::new(3))
        .build()
        .unwrap();
    model.to_file().unwrap()
}

fn use_backend(name: &str) {
    let library = tensorflow_library();
    let backend = name.to_owned();
    configure(Settings { backend, threads: 2, tensorflow_library: library, ..Settings::default() });
}

fn trained(file: &ModelFile) -> Model {
    let mut model = Model::from_file(file, &LoadOptions::default()).unwrap();
    model.compile(Compile::new().optimizer(SGD::new(0.02)).loss("mse")).unwrap();
    let fit = Fit::new().epochs(2).batch_size(16).shuffle(false).verbose(Verbose::Silent);
    model.fit(&numbers(FEATURES, 0.737), &numbers(3, 1.213), fit).unwrap();
    model
}

fn predicted(model: &Model) -> Array {
    model.predict(&numbers(FEATURES, 0.411), Predict::new()).unwrap().remove(0)
}

/// What the model is after training, and where its predictions are.
fn results(model: &Model) -> Vec<(String, Array)> {
    let values = model.weight_values().unwrap();
    let paths = model.weights().iter().map(|(_, weight)| weight.path.clone());
    let mut results: Vec<(String, Array)> = paths.zip(values).collect();
    results.push(("predictions".to_owned(), predicted(model)));
    results
}

#[test]
fn ten_activations_of_ones_own_train_alike_on_every_backend() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for text in TEN {
        use_backend("interpreter");
        let file = custom_object_scope(&registry(), || untrained(text));
        let model = custom_object_scope(&registry(), || trained(&file));
        let expected = results(&model);
        for NamedBackend { name, .. } in NamedBackend::all() {
            use_backend(name);
            let model = custom_object_scope(&registry(), || trained(&file));
            assert_eq!(model.backend(), name);
            for ((path, actual), (_, expected)) in results(&model).iter().zip(&expected) {
                let wrong = difference(actual, expected, TOLERANCE);
                assert!(wrong.is_none(), "{name}, {text}, {path}: {}", wrong.unwrap_or_default());
            }
        }
    }
}

#[test]
fn ten_activations_of_ones_own_live_in_files() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for NamedBackend { name, .. } in NamedBackend::all() {
        use_backend(name);
        for text in TEN {
            let model = custom_object_scope(&registry(), || trained(&untrained(text)));
            let file = model.to_file().unwrap();
            let again = Model::from_file(&file, &LoadOptions::default()).unwrap();
            assert_eq!(predicted(&again), predicted(&model), "{name}, {text}");
            let own = |model: &Model| model.summary(&SummaryOptions::default()).unwrap();
            assert_eq!(own(&again), own(&model), "{name}, {text}");
            assert!(own(&model).contains("own (Activation"), "{}", own(&model));
        }
    }
}

#[test]
fn ten_activations_of_ones_own_have_values_and_slopes_at_points() {
    let x = Array::from_slice(&[4], &[-1.3_f32, -0.2, 0.4, 2.6]).unwrap();
    for text in TEN {
        assert!(BuiltIn::find(text.split('(').next().unwrap()).is_none(), "{text}");
        custom_object_scope(&registry(), || {
            let activation = Activation::parse(text).unwrap();
            let [values, slopes] = activation.evaluate(&x).unwrap();
            let finite = |array: &Array| array.view::<f32>().iter().all(|value| value.is_finite());
            assert!(finite(&values) && finite(&slopes), "{text}");
        });
    }
}

/// Built-ins that Keras lacks are objects in its files; the names come back.
#[test]
fn built_ins_that_keras_lacks_live_in_files() {
    let texts = [
        "quick_gelu",
        "snake(a=2)",
        "snake(a=trainable(2, axis=-1))",
        "softmax1",
        "sparsemax",
        "entmax15(axis=1)",
        "swiglu",
        "maxout(pieces=4)",
        "step",
        "pelu(a=trainable(0.5), b=2)",
    ];
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    use_backend("native");
    for text in texts {
        let model = trained(&untrained(text));
        let file = model.to_file().unwrap();
        assert_eq!(file.rhyton.as_ref().unwrap()["language"], 1, "{text}");
        let again = Model::from_file(&file, &LoadOptions::default()).unwrap();
        assert_eq!(predicted(&again), predicted(&model), "{text}");
    }
}
