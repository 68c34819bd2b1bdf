//! Optimizers at work in `fit` and in files: schedules, averages, accumulated gradients.

use rhyton::optimizers::LearningRate;
use rhyton::optimizers::schedules::{CosineDecay, ExponentialDecay, FunctionSchedule};
use rhyton::{
    Adam, Array, Compile, Dense, Dropout, Fit, LoadOptions, Model, Nadam, SGD, Sequential, Tensor,
    Verbose,
};
use serde_json::{Value, json};

fn data(samples: usize) -> (Array, Array) {
    let numbers = |stream: u32, count: usize| -> Vec<f32> {
        let word = |place| rhyton_tensor::philox4x32([4, 4], [place, stream, 0, 0])[0];
        (0..count as u32).map(|place| 2.0 * rhyton_tensor::uniform_f32(word(place)) - 1.0).collect()
    };
    let x = Array::from_slice(&[samples, 3], &numbers(0, 3 * samples)).unwrap();
    (x, Array::from_slice(&[samples, 2], &numbers(1, 2 * samples)).unwrap())
}

fn model(optimizer: impl rhyton::training::IntoOptimizer) -> Model {
    let layers = Sequential::new().input(&[3]).add(Dense::new(4).activation("tanh"));
    let mut model = layers.add(Dense::new(2)).build().unwrap();
    model.compile(Compile::new().optimizer(optimizer).loss("mse")).unwrap();
    model
}

fn fit(model: &mut Model, samples: usize, batch_size: usize) {
    let (x, y) = data(samples);
    let options = Fit::new().batch_size(batch_size).shuffle(false).verbose(Verbose::Silent);
    model.fit(&x, &y, options).unwrap();
}

#[track_caller]
fn assert_near(a: &Model, b: &Model) {
    for (a, b) in a.weight_values().unwrap().iter().zip(b.weight_values().unwrap()) {
        for (a, b) in a.to_f64().into_iter().zip(b.to_f64()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}

#[test]
fn two_accumulated_batches_are_one_of_both() {
    let mut halves = model(SGD::new(0.5).gradient_accumulation_steps(2));
    let mut whole = model(SGD::new(0.5));
    fit(&mut halves, 16, 4);
    fit(&mut whole, 16, 8);
    assert_near(&halves, &whole);
    assert_eq!((halves.iterations().unwrap(), whole.iterations().unwrap()), (4, 2));
}

/// With a momentum of 1 the average stays at what it was after the first step.
#[test]
fn averages_take_the_weights_place_at_the_end_of_fit() {
    let mut averaged = model(SGD::new(0.5).use_ema(true).ema_momentum(1.0));
    let mut once = model(SGD::new(0.5));
    fit(&mut averaged, 12, 4);
    fit(&mut once, 4, 4);
    assert_near(&averaged, &once);
}

#[test]
fn a_schedule_says_the_rate() {
    let mut model = model(Adam::new(ExponentialDecay::new(0.1, 2.0, 0.5).staircase(true)));
    assert_eq!(model.learning_rate().unwrap(), f64::from(0.1_f32));
    fit(&mut model, 12, 4);
    assert_eq!(model.learning_rate().unwrap(), f64::from(0.05_f32));
    insta::assert_snapshot!(model.set_learning_rate(0.1).unwrap_err(), @"the learning rate follows a schedule; compile with a number as learning rate to set it");
    let file = model.to_file().unwrap();
    let optimizer = &file.config["compile_config"]["optimizer"]["config"];
    insta::assert_snapshot!(optimizer["learning_rate"], @r#"{"module":"keras.optimizers.schedules","class_name":"ExponentialDecay","config":{"initial_learning_rate":0.1,"decay_steps":2,"decay_rate":0.5,"staircase":true},"registered_name":null}"#);
    // No learning rate among the variables: iteration, then two slots for each of four weights.
    assert_eq!(file.weights.variables("optimizer").len(), 1 + 8);
}

fn warm_up(step: &Tensor) -> Tensor {
    0.1 * rhyton::ops::minimum((step + 1.0) / 4.0, 1.0)
}

#[test]
fn a_function_of_the_step_travels_in_the_file() {
    let mut model = model(SGD::new(FunctionSchedule::new(warm_up).unwrap()));
    fit(&mut model, 8, 4);
    assert_eq!(model.learning_rate().unwrap(), f64::from(0.075_f32));
    let file = model.to_file().unwrap();
    let optimizer = &file.config["compile_config"]["optimizer"]["config"];
    assert_eq!(optimizer["learning_rate"], json!(f64::from(0.075_f32)));
    let stored = file.weights.variables("optimizer");
    assert_eq!(stored[1].to_f64(), [f64::from(0.075_f32)]);
    let mut again = Model::from_file(&file, &LoadOptions::default()).unwrap();
    fit(&mut again, 8, 4);
    assert_eq!(again.learning_rate().unwrap(), f64::from(0.1_f32));
    fit(&mut model, 8, 4);
    assert_eq!(model.weight_values().unwrap(), again.weight_values().unwrap());
}

fn with_config(class: &str, config: &Value) -> Model {
    let form = json!({"class_name": class, "config": config});
    model(rhyton::optimizers::OPTIMIZERS.read(&form).unwrap())
}

/// Whatever an optimizer keeps is in the file: training goes on as if it had never been written.
#[test]
fn a_loaded_optimizer_goes_on() {
    let all = json!({"use_ema": true, "ema_momentum": 0.5, "gradient_accumulation_steps": 2,
        "weight_decay": 0.01, "clipnorm": 1.0});
    for spec in rhyton::optimizers::OPTIMIZERS.specs {
        let mut unbroken = with_config(spec.class_name, &all);
        fit(&mut unbroken, 12, 4);
        let file = unbroken.to_file().unwrap();
        let mut resumed = Model::from_file(&file, &LoadOptions::default()).unwrap();
        fit(&mut unbroken, 12, 4);
        fit(&mut resumed, 12, 4);
        let [a, b] = [&unbroken, &resumed].map(|model| model.weight_values().unwrap());
        assert_eq!(a, b, "{}", spec.class_name);
    }
}

/// Keras 2's `decay` divides the rate by 1 + decay · step.
#[test]
fn decay_of_old_files_is_honoured() {
    let mut model = with_config("SGD", &json!({"lr": 0.5, "decay": 1.0}));
    fit(&mut model, 12, 4);
    assert_eq!(model.learning_rate().unwrap(), 0.125);
    let plain = with_config("SGD", &json!({"lr": 0.5, "decay": 0.0}));
    plain.set_learning_rate(0.25).unwrap();
    assert_eq!(plain.learning_rate().unwrap(), 0.25);
}

#[test]
fn settings_are_checked_when_the_model_is_compiled() {
    let refused = |rate: LearningRate| {
        let mut model = model("sgd");
        let compile = Compile::new().optimizer(Nadam::new(rate)).loss("mse");
        model.compile(compile).unwrap_err()
    };
    insta::assert_snapshot!(refused(CosineDecay::new(0.1, 0.0).into()), @"Nadam: CosineDecay: decay_steps expected a number above 0, received 0");
    insta::assert_snapshot!(refused(f64::INFINITY.into()), @"Nadam: learning_rate expected a finite number, received inf");
}

/// The seed is no part of the program: another one gives other numbers, the same one the same.
#[test]
fn each_fit_may_have_its_seed() {
    let (x, y) = data(12);
    let trained = |seeds: [u64; 2]| {
        let layers = Sequential::new().input(&[3]).add(Dropout::new(0.5)).add(Dense::new(2));
        let mut model = layers.build().unwrap();
        model.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse")).unwrap();
        for seed in seeds {
            let options = Fit::new().shuffle(false).seed(seed).verbose(Verbose::Silent);
            model.fit(&x, &y, options).unwrap();
        }
        model.weight_values().unwrap()
    };
    assert_eq!(trained([1, 2]), trained([1, 2]));
    assert_ne!(trained([1, 2]), trained([1, 3]));
    assert_ne!(trained([1, 2]), trained([2, 2]));
}
