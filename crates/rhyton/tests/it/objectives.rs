//! Losses and metrics of several outputs, weights of samples and classes, your own functions.
//! Numbers are those of Keras 3.15.1 on TensorFlow 2.21.

use rhyton::losses::{LossFunction, MeanSquaredError};
use rhyton::metrics::{F1Score, MetricFunction, Precision};
use rhyton::training::LossChoice;
use rhyton::{
    Apply, Array, Compile, Dense, Evaluate, Fit, LoadOptions, Logs, Model, Registry, SGD,
    Sequential, Tensor, Verbose, custom_object_scope, input, ops,
};
use serde_json::{Value, json};

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

/// Two outputs that are 0 whatever comes in.
fn zeros() -> Model {
    let x = input(&[1]);
    let zero = |name: &str| Dense::new(1).kernel_initializer("zeros").name(name).apply(&[&x]);
    Model::functional(&[&x], &[&zero("a"), &zero("b")]).unwrap()
}

fn data() -> (Array, Array) {
    (f32s(&[5, 1], &[0.0; 5]), f32s(&[5, 1], &[1.0, 1.0, 1.0, 1.0, 3.0]))
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().verbose(Verbose::Silent).shuffle(false).batch_size(4)
}

#[track_caller]
fn assert_logs(logs: &Logs, expected: &[(&str, f64)]) {
    let found: Vec<&str> = logs.keys().map(String::as_str).collect();
    assert_eq!(found, expected.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    for (key, value) in expected {
        assert!((logs[*key] - value).abs() < 1e-5, "{key}: {} is not {value}", logs[*key]);
    }
}

#[test]
fn logs_of_two_outputs_are_those_of_keras() {
    let (x, y) = data();
    let mut model = zeros();
    let compile = Compile::new()
        .optimizer(SGD::new(0.0))
        .loss("mse")
        .metrics_for("a", ["mse"])
        .metrics_for("b", ["mae", "mae"])
        .weighted_metrics_for("a", ["mse"]);
    model.compile(compile).unwrap();
    let logs = model.evaluate(&x, [&y, &y], Evaluate::new().batch_size(4)).unwrap();
    // The whole loss weighs the last batch of one sample, the losses of outputs do not.
    assert_logs(
        &logs,
        &[
            ("a_loss", 5.0),
            ("a_mse", 2.6),
            ("a_weighted_mse", 2.6),
            ("b_loss", 5.0),
            ("b_mae", 1.4),
            ("b_mae_1", 1.4),
            ("loss", 5.2),
        ],
    );
    let weights = f32s(&[5], &[1.0, 2.0, 1.0, 1.0, 3.0]);
    let options = Evaluate::new().batch_size(4).sample_weight(&weights);
    let logs = model.evaluate(&x, [&y, &y], options).unwrap();
    let weighted = ["a_loss", "a_mse", "a_weighted_mse", "loss"].map(|key| logs[key]);
    assert!(
        weighted.iter().zip([14.125, 2.6, 4.0, 12.8]).all(|(a, b)| (a - b).abs() < 1e-5),
        "{logs:?}"
    );
    let each = [&weights, &f32s(&[5], &[0.0; 5])];
    let options = Evaluate::new().batch_size(4).sample_weight(each);
    let logs = model.evaluate(&x, [&y, &y], options).unwrap();
    assert_eq!((logs["a_loss"], logs["b_loss"]), (14.125, 0.0));
    let three = Evaluate::new().sample_weight([&weights, &weights, &weights]);
    insta::assert_snapshot!(model.evaluate(&x, [&y, &y], three).unwrap_err(), @"evaluate: sample_weight expected one array, or 2 for as many outputs, received 3");
}

#[test]
fn an_output_may_have_no_loss() {
    let (x, y) = data();
    let mut model = zeros();
    model.compile(Compile::new().losses([LossChoice::from("mse"), LossChoice::None])).unwrap();
    for targets in [vec![&y, &y], vec![&y]] {
        let logs = model.evaluate(&x, targets, Evaluate::new().batch_size(4)).unwrap();
        assert_logs(&logs, &[("loss", 2.6)]);
    }
    let compile = Compile::new().loss_for("b", "mse").metrics_for("a", ["mae"]);
    model.compile(compile).unwrap();
    let logs = model.evaluate(&x, [&y, &y], Evaluate::new()).unwrap();
    assert_logs(&logs, &[("a_mae", 1.4), ("loss", 2.6)]);
    insta::assert_snapshot!(model.evaluate(&x, &y, Evaluate::new()).unwrap_err(), @"evaluate: targets expected targets for `a`, which has metrics, received 1");
    let unknown = Compile::new().loss("mse").loss_for("c", "mse");
    insta::assert_snapshot!(model.compile(unknown).unwrap_err(), @"compile: loss expected outputs of a, b, received `c`");
}

/// What a file holds of the training configuration.
fn written(model: &Model) -> Value {
    let file = model.to_file().unwrap();
    let mut config = file.config["compile_config"].clone();
    for key in ["optimizer", "run_eagerly", "steps_per_execution", "jit_compile"] {
        config.as_object_mut().unwrap().shift_remove(key);
    }
    config
}

#[test]
fn every_form_of_keras_is_read_and_written() {
    let forms = [
        json!({
            "loss": {"a": "mse", "b": "mae"},
            "loss_weights": {"a": 1.0, "b": 0.5},
            "metrics": {"a": ["mae"], "b": []},
            "weighted_metrics": null,
        }),
        json!({
            "loss": ["mse", null],
            "loss_weights": [0.5, 1.0],
            "metrics": [["mae"], []],
            "weighted_metrics": [["mae"], ["mse", "mae"]],
        }),
        json!({
            "loss": "mse",
            "loss_weights": null,
            "metrics": null,
            "weighted_metrics": [["mse"], ["mse"]],
        }),
    ];
    for form in forms {
        let mut model = zeros();
        model.compile(Compile::new().loss("mse")).unwrap();
        let mut file = model.to_file().unwrap();
        for (key, value) in form.as_object().unwrap() {
            file.config["compile_config"][key] = value.clone();
        }
        let read = Model::from_file(&file, &LoadOptions::default()).unwrap();
        assert_eq!(written(&read), form);
    }
}

#[test]
fn flat_lists_are_one_for_each_output() {
    let (x, y) = data();
    let mut model = zeros();
    model.compile(Compile::new().loss("mse")).unwrap();
    let mut file = model.to_file().unwrap();
    file.config["compile_config"]["metrics"] = json!(["mae", ["mse"]]);
    file.config["compile_config"]["loss_weights"] = json!([2.0, 1.0]);
    file.config["compile_config"]["loss"] = json!([{"module": "builtins", "class_name": "function", "config": "mean_squared_error"},
            {"class_name": "Huber", "config": {"delta": 0.5}}]);
    let mut read = Model::from_file(&file, &LoadOptions::default()).unwrap();
    let logs = read.evaluate(&x, [&y, &y], Evaluate::new()).unwrap();
    // Huber: 0.5 · 1 − 0.125 four times, 0.5 · 3 − 0.125 once.
    let huber = (4.0 * 0.375 + 1.375) / 5.0;
    assert_logs(
        &logs,
        &[
            ("a_loss", 2.6),
            ("a_mae", 1.4),
            ("b_loss", huber),
            ("b_mse", 2.6),
            ("loss", 2.0 * 2.6 + huber),
        ],
    );
}

fn classifier(loss: &str) -> Model {
    let dense = Dense::new(3).activation("softmax").kernel_initializer("zeros");
    let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
    model.compile(Compile::new().optimizer(SGD::new(0.5)).loss(loss)).unwrap();
    model
}

#[test]
fn labels_that_are_no_class_are_told() {
    let x = f32s(&[4, 1], &[0.0; 4]);
    let labels = Array::from_slice(&[4], &[0_i32, 2, 3, -1]).unwrap();
    let mut model = classifier("sparse_categorical_crossentropy");
    insta::assert_snapshot!(model.fit(&x, &labels, quiet()).unwrap_err(), @"fit: y0 expected class numbers 0 … 2 for sparse_categorical_crossentropy, received 3 in row 2");
    insta::assert_snapshot!(model.evaluate(&x, &labels, Evaluate::new()).unwrap_err(), @"evaluate: y0 expected class numbers 0 … 2 for sparse_categorical_crossentropy, received 3 in row 2");
    let good = Array::from_slice(&[4], &[0_i32, 2, 1, 0]).unwrap();
    let validated = quiet().validation_data(&x, &labels);
    assert!(model.fit(&x, &good, validated).unwrap_err().to_string().contains("3 in row 2"));
    let mut rows = classifier("categorical_crossentropy");
    insta::assert_snapshot!(rows.fit(&x, &labels, quiet()).unwrap_err(), @"fit: y0 expected class numbers 0 … 2 for categorical_crossentropy, received 3 in row 2");
    let ignoring = rhyton::losses::SparseCategoricalCrossentropy::default().ignore_class(-1);
    model.compile(Compile::new().loss(ignoring)).unwrap();
    let ignored = Array::from_slice(&[4], &[0_i32, 2, 1, -1]).unwrap();
    assert!(model.fit(&x, &ignored, quiet()).unwrap().history["loss"][0].is_finite());
}

#[test]
fn weights_of_classes_are_weights_of_their_samples() {
    let x = f32s(&[4, 1], &[1.0, -1.0, 0.5, 2.0]);
    let labels = Array::from_slice(&[4], &[0_i32, 2, 1, 2]).unwrap();
    let weights = f32s(&[4], &[1.0, 3.0, 0.25, 3.0]);
    let train = |fit: Fit<'_>| {
        let mut model = classifier("sparse_categorical_crossentropy");
        model.fit(&x, &labels, fit.epochs(3)).unwrap().history["loss"].clone()
    };
    let by_class = train(quiet().class_weight([(2, 3.0), (1, 0.25)]));
    assert_eq!(by_class, train(quiet().sample_weight(&weights)));
    assert_ne!(by_class, train(quiet()));
    let both = quiet().class_weight([(2, 3.0)]).sample_weight(&weights);
    let mut model = classifier("sparse_categorical_crossentropy");
    insta::assert_snapshot!(model.fit(&x, &labels, both).unwrap_err(), @"fit: class_weight expected no sample_weight beside it, received both");
}

#[test]
fn samples_for_validation_have_weights_of_their_own() {
    let (x, y) = data();
    let mut model = zeros();
    model.compile(Compile::new().optimizer(SGD::new(0.0)).loss("mse")).unwrap();
    let weights = f32s(&[5], &[1.0, 2.0, 1.0, 1.0, 3.0]);
    let fit = quiet().validation_data(&x, [&y, &y]).validation_sample_weight(&weights);
    let history = model.fit(&x, [&y, &y], fit).unwrap();
    assert!((history.history["loss"][0] - 5.2).abs() < 1e-5);
    assert!((history.history["val_loss"][0] - 12.8).abs() < 1e-5);
}

fn fourth_power(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    ops::mean(&ops::square(ops::square(y_true - y_pred)), Some(&[-1]), false)
}

#[test]
fn functions_are_losses_and_metrics() {
    let (x, y) = data();
    let dense = || Dense::new(1).kernel_initializer("zeros");
    let mut model = Sequential::new().input(&[1]).add(dense()).build().unwrap();
    let compile = Compile::new()
        .loss(LossFunction::new("fourth_power", fourth_power))
        .metrics([MetricFunction::new("power", fourth_power)]);
    model.compile(compile).unwrap();
    let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
    assert_logs(&logs, &[("loss", 17.0), ("power", 17.0)]);
    // Keras' part of a file has the names only, ours the programs that the functions made.
    let mut file = model.to_file().unwrap();
    assert_eq!(file.config["compile_config"]["loss"]["config"], "fourth_power");
    assert_eq!(file.config["compile_config"]["metrics"][0]["class_name"], "function");
    let mut again = Model::from_file(&file, &LoadOptions::default()).unwrap();
    assert_eq!(again.evaluate(&x, &y, Evaluate::new()).unwrap(), logs);
    // One of Keras has no programs: functions are registered where it is read.
    file.rhyton = None;
    insta::assert_snapshot!(Model::from_file(&file, &LoadOptions::default()).unwrap_err(), @r#"
    compile_config: unknown loss `fourth_power`
      to use your own: custom_objects().loss("fourth_power", |y_true, y_pred| …)
    "#);
    let registry = Registry::new();
    registry.loss("fourth_power", fourth_power);
    registry.metric("power", fourth_power);
    let again = custom_object_scope(&registry, || {
        let mut read = Model::from_file(&file, &LoadOptions::default()).unwrap();
        read.evaluate(&x, &y, Evaluate::new()).unwrap()
    });
    assert_eq!(again, logs);
}

#[test]
fn lists_of_results_have_a_key_for_each() {
    let x = f32s(&[3, 1], &[0.0; 3]);
    let y = f32s(&[3, 2], &[1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let dense = Dense::new(2).activation("sigmoid").kernel_initializer("zeros");
    let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
    let precision = Precision::default().thresholds([0.25, 0.75]);
    let compile = Compile::new().loss(MeanSquaredError::default());
    let mut metrics = vec![rhyton::training::MetricChoice::from(precision)];
    metrics.push(F1Score::default().threshold(0.4).into());
    model.compile(compile.metrics(metrics)).unwrap();
    let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
    assert_logs(
        &logs,
        &[
            ("f1_score[0]", 0.8),
            ("f1_score[1]", 0.8),
            ("loss", 0.25),
            ("precision[0]", 2.0 / 3.0),
            ("precision[1]", 0.0),
        ],
    );
}
