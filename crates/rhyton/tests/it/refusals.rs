//! Settings, data and files that don't fit are refused, with words that say what would.

use rhyton::metrics::{
    AUC, CategoricalAccuracy, MeanAbsoluteError, MeanIoU, Precision, PrecisionAtRecall,
};
use rhyton::ops::Spec;
use rhyton::training::MetricChoice;
use rhyton::{
    Apply, Array, Compile, Dense, Evaluate, Fit, GaussianDropout, LoadOptions, Model, SGD,
    Sequential, Verbose, input, ops,
};
use serde_json::{Value, json};

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().verbose(Verbose::Silent).shuffle(false)
}

/// A model of one input and some outputs, measured by a metric.
fn measured(units: usize, metric: impl Into<MetricChoice>) -> rhyton::Result<Model> {
    let mut model = Sequential::new().input(&[1]).add(Dense::new(units)).build()?;
    model.compile(Compile::new().optimizer(SGD::new(0.0)).loss("mse").metrics([metric]))?;
    Ok(model)
}

#[test]
fn metrics_of_any_size() {
    let refused = |metric: MetricChoice| measured(1, metric).unwrap_err();
    let many = 10_usize.pow(13);
    insta::assert_snapshot!(refused(AUC::default().num_thresholds(many).into()), @"AUC: num_thresholds expected a number from 2 to 1000000, received 10000000000000");
    insta::assert_snapshot!(refused(AUC::default().num_thresholds(1).into()), @"AUC: num_thresholds expected a number from 2 to 1000000, received 1");
    insta::assert_snapshot!(refused(PrecisionAtRecall::new(0.5).num_thresholds(many).into()), @"PrecisionAtRecall: num_thresholds expected a number from 1 to 1000000, received 10000000000000");
    insta::assert_snapshot!(refused(MeanIoU::new(1 << 32).into()), @"mean_io_u: num_classes expected how many classes there are, from 1 to 16384, received 4294967296");
    insta::assert_snapshot!(refused(MeanIoU::new(0).into()), @"mean_io_u: num_classes expected how many classes there are, from 1 to 16384, received 0");
}

#[test]
fn class_numbers_are_no_rows_of_scores() {
    let mut model = Sequential::new().input(&[1]).add(Dense::new(3)).build().unwrap();
    let compile = Compile::new().optimizer("sgd").loss("sparse_categorical_crossentropy");
    let classes = Array::from_slice(&[2], &[0_i32, 2]).unwrap();
    let mut evaluate = |metric: MetricChoice| {
        model.compile(compile.clone().metrics([metric])).unwrap();
        model.evaluate(&f32s(&[2, 1], &[1.0, 2.0]), &classes, Evaluate::new())
    };
    let refused = evaluate(CategoricalAccuracy::default().into()).unwrap_err();
    insta::assert_snapshot!(refused, @"metric categorical_accuracy: categorical_accuracy: y_true expected one-hot targets [N, 3]; class numbers have sparse_categorical_accuracy and sparse_top_k_categorical_accuracy, received [N]");
    insta::assert_snapshot!(evaluate("top_k_categorical_accuracy".into()).unwrap_err(), @"metric top_k_categorical_accuracy: top_k_categorical_accuracy: y_true expected one-hot targets [N, 3]; class numbers have sparse_categorical_accuracy and sparse_top_k_categorical_accuracy, received [N]");
    evaluate("accuracy".into()).unwrap();
}

#[test]
fn more_best_predictions_than_there_are() {
    let mut model = measured(1, Precision::default().top_k(5)).unwrap();
    let x = f32s(&[2, 1], &[1.0, 2.0]);
    insta::assert_snapshot!(model.evaluate(&x, &x, Evaluate::new()).unwrap_err(), @"metric precision: precision: top_k expected at most 1, the predictions of a sample, received 5");
}

/// As Keras 3.15.1: the values' sum is trained, their mean is told.
#[test]
fn a_loss_without_reduction_is_trained() {
    let dense = Dense::new(1).use_bias(false).kernel_initializer("zeros");
    let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
    let loss =
        rhyton::losses::MeanSquaredError::default().reduction(rhyton::losses::LossReduction::None);
    model.compile(Compile::new().optimizer(SGD::new(0.1)).loss(loss)).unwrap();
    let (x, y) = (f32s(&[3, 1], &[1.0, 2.0, 3.0]), f32s(&[3, 1], &[1.0, 1.0, 2.0]));
    let history = model.fit(&x, &y, quiet()).unwrap();
    assert!((history.history["loss"][0] - 2.0).abs() < 1e-6, "{:?}", history.history);
    // 0.1 · Σ 2xy
    let weight = model.weight("dense/kernel").unwrap().to_f64()[0];
    assert!((weight - 1.8).abs() < 1e-6, "{weight}");
}

#[test]
fn a_metric_called_loss_has_a_key_of_its_own() {
    let mut model = measured(1, MeanAbsoluteError::default().name("loss")).unwrap();
    let logs = model.evaluate(&f32s(&[1, 1], &[1.0]), &f32s(&[1, 1], &[9.0]), Evaluate::new());
    assert_eq!(logs.unwrap().into_keys().collect::<Vec<_>>(), ["loss", "loss_1"]);
}

#[test]
fn weights_for_a_validation_that_is_not_there() {
    let mut model = measured(1, "mae").unwrap();
    let x = f32s(&[2, 1], &[1.0, 2.0]);
    let weights = f32s(&[2], &[1.0, 2.0]);
    let fit = quiet().validation_sample_weight(&weights);
    insta::assert_snapshot!(model.fit(&x, &x, fit).unwrap_err(), @"fit: validation_sample_weight expected `validation_data` beside it, received none");
    let fit = quiet().class_weight([(1, -1.0)]);
    insta::assert_snapshot!(model.fit(&x, &x, fit).unwrap_err(), @"fit: class_weight expected finite numbers of at least 0, received -1 for class 1");
}

#[test]
fn targets_are_missed_by_the_method_that_was_called() {
    let mut model = measured(1, "mae").unwrap();
    let x = f32s(&[1, 1], &[1.0]);
    insta::assert_snapshot!(model.evaluate(&x, [&x, &x], Evaluate::new()).unwrap_err(), @"evaluate: targets expected 1 arrays, received 2");
}

#[test]
fn a_rate_that_is_no_number() {
    let model = measured(1, "mae").unwrap();
    insta::assert_snapshot!(model.set_learning_rate(f64::NAN).unwrap_err(), @"set_learning_rate: rate expected a finite number, received NaN");
    let dropped = Sequential::new().input(&[1]).add(GaussianDropout::new(1.0)).build();
    insta::assert_snapshot!(dropped.unwrap_err(), @"gaussian_dropout: GaussianDropout: rate expected a number from 0 to below 1, received 1");
}

#[test]
fn two_inputs_of_one_name() {
    let spec = || Spec::new(rhyton_tensor::DType::F32, ops::Shape::batched(&[1]));
    let named = || rhyton::Tensor::input(Some("a".to_owned()), spec());
    let (a, b) = (named(), named());
    insta::assert_snapshot!(Model::functional(&[&a, &b], &[&(&a + &b)]).unwrap_err(), @"functional: inputs expected a name for each input that no other has, received `a` twice");
}

/// The configuration of a model with a layer, or with an operation of two inputs.
fn file(change: impl Fn(&mut Value)) -> rhyton::Result<Model> {
    let (a, b) = (input(&[1]), input(&[1]));
    let y = Dense::new(1).apply(&[&ops::subtract(&a, &b)]);
    let mut file = Model::functional(&[&a, &b], &[&y]).unwrap().to_file().unwrap();
    change(&mut file.config);
    Model::from_file(&file, &LoadOptions::default())
}

fn entry<'a>(config: &'a mut Value, class: &str) -> &'a mut Value {
    let layers = config["config"]["layers"].as_array_mut().unwrap();
    layers.iter_mut().find(|layer| layer["class_name"] == class).unwrap()
}

#[test]
fn layers_of_keras_that_are_not_here() {
    let refused = |class: &str| {
        file(|config| entry(config, "Dense")["class_name"] = json!(class)).unwrap_err()
    };
    insta::assert_snapshot!(refused("LSTM"), @"dense: class_name expected a layer that Rhyton has; `LSTM` is one of Keras' that it has not, unless you register one of your own under that name, received LSTM");
    insta::assert_snapshot!(refused("Dense2"), @r#"
    dense: unknown layer `Dense2`; did you mean Dense?
      to use your own: custom_objects().layer(&DENSE2_SPEC)?
    "#);
}

#[test]
fn named_arguments_of_operations_go_by_their_names() {
    let named = |names: [&str; 2]| {
        file(|config| {
            let node = &mut entry(config, "Subtract")["inbound_nodes"][0];
            let args = node["args"].take();
            node["kwargs"] = json!({names[0]: args[1], names[1]: args[0]});
            node["args"] = json!([]);
        })
    };
    let dense = |model: &Model| model.set_weight("dense/kernel", &f32s(&[1, 1], &[1.0])).unwrap();
    let model = named(["x2", "x1"]).unwrap();
    dense(&model);
    let arrays = [f32s(&[1, 1], &[5.0]), f32s(&[1, 1], &[3.0])];
    let result = model.predict(&arrays[..], rhyton::Predict::new()).unwrap();
    assert_eq!(result[0].to_f64(), [2.0]);
    insta::assert_snapshot!(named(["y", "x1"]).unwrap_err(), @"subtract: call: kwargs expected arguments by position, or x, x1, x2, weights, received `y`");
    insta::assert_snapshot!(named(["x2", "weights"]).unwrap_err(), @"subtract: call: kwargs expected 1 before those that are named, received 0");
}
