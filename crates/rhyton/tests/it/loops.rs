//! What `fit`, `evaluate` and `predict` promise, as Keras does it.

use rhyton::losses::MeanSquaredError;
use rhyton::{
    Apply, Array, Compile, DType, Dense, Evaluate, Fit, Model, Predict, SGD, Sequential, Verbose,
    input,
};

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

/// `y = w · x` with `w = 1`, which a learning rate of 0 keeps.
fn identity(metrics: &[&str]) -> Model {
    let dense = Dense::new(1).use_bias(false).kernel_initializer("ones");
    let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
    let compile = Compile::new().optimizer(SGD::new(0.0)).loss("mse");
    model.compile(compile.metrics(metrics.iter().copied())).unwrap();
    model
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().verbose(Verbose::Silent)
}

#[test]
fn the_loss_of_an_epoch_weighs_batches_by_their_samples() {
    let x = f32s(&[5, 1], &[0.0, 1.0, 2.0, 3.0, 4.0]);
    let y = Array::zeros(DType::F32, &[5, 1]);
    let mut model = identity(&["mae"]);
    let history = model.fit(&x, &y, quiet().batch_size(4)).unwrap();
    assert_eq!(history.history["loss"], [6.0]);
    assert_eq!(history.history["mae"], [2.0]);
    let logs = model.evaluate(&x, &y, Evaluate::new().batch_size(4)).unwrap();
    assert_eq!(logs["loss"], 6.0);
    assert_eq!(logs, model.evaluate(&x, &y, Evaluate::new().batch_size(5)).unwrap());
}

#[test]
fn sample_weights_divide_by_the_number_of_samples() {
    let x = f32s(&[3, 1], &[1.0, 1.0, 1.0]);
    let y = Array::zeros(DType::F32, &[3, 1]);
    let weights = f32s(&[3], &[1.0, 0.0, 0.0]);
    let mut model = identity(&["mae"]);
    let third = f64::from(1.0_f32 / 3.0);
    let history = model.fit(&x, &y, quiet().sample_weight(&weights)).unwrap();
    assert!((history.history["loss"][0] - third).abs() < 1e-7);
    assert_eq!(history.history["mae"], [1.0], "plain metrics leave weights out");
    let logs = model.evaluate(&x, &y, Evaluate::new().sample_weight(&weights)).unwrap();
    assert!((logs["loss"] - third).abs() < 1e-7);
}

#[test]
fn validation_takes_the_last_samples() {
    let x = f32s(&[5, 1], &[0.0, 0.0, 0.0, 3.0, 4.0]);
    let y = Array::zeros(DType::F32, &[5, 1]);
    let mut model = identity(&[]);
    // ⌊5 · 0.7⌋ = 3 samples are left for training.
    let history = model.fit(&x, &y, quiet().validation_split(0.3)).unwrap();
    assert_eq!(history.history["loss"], [0.0]);
    assert_eq!(history.history["val_loss"], [12.5]);
    let mut refused =
        |share: f64| model.fit(&x, &y, quiet().validation_split(share)).unwrap_err().to_string();
    insta::assert_snapshot!(refused(0.9), @"fit: validation_split expected a share that leaves samples on both sides of 5, received 0.9");
    insta::assert_snapshot!(refused(1.0), @"fit: validation_split expected a share that leaves samples on both sides of 5, received 1");
    insta::assert_snapshot!(refused(-0.5), @"fit: validation_split expected a share that leaves samples on both sides of 5, received -0.5");
    let x = x.rows(0, 1).unwrap();
    let y = y.rows(0, 1).unwrap();
    assert!(model.fit(&x, &y, quiet().validation_split(0.5)).is_err());
}

/// Programs for targets of another type are made anew; training must go on with the same weights.
#[test]
fn validation_targets_may_have_another_type() {
    let (x, y) = crate::training::clouds(32);
    let wide = y.cast(DType::I64);
    let run = |validation: &Array| {
        let mut model = crate::training::network("relu");
        let fit = quiet().epochs(3).validation_data(&x, validation);
        let history = model.fit(&x, &y, fit).unwrap();
        (history, model.weight_values().unwrap(), model.iterations().unwrap())
    };
    assert_eq!(run(&y), run(&wide));
}

#[test]
fn partial_batches_predict_as_the_whole() {
    let (x, _) = crate::training::clouds(10);
    let model = crate::training::network("swish");
    let whole = model.predict(&x, Predict::new().batch_size(10)).unwrap().remove(0);
    assert_eq!(whole.shape(), [10, 3]);
    for size in [1, 3, 4, 64] {
        let parts = model.predict(&x, Predict::new().batch_size(size)).unwrap().remove(0);
        for (a, b) in parts.view::<f32>().iter().zip(whole.view::<f32>()) {
            assert!((a - b).abs() < 1e-6, "batch size {size}: {a}, {b}");
        }
    }
    let error = model.predict(&x, Predict::new().batch_size(0)).unwrap_err();
    insta::assert_snapshot!(error, @"predict: batch_size expected at least 1, received 0");
}

#[test]
fn class_numbers_become_rows_where_the_loss_wants_them() {
    let (x, y) = crate::training::clouds(64);
    let rows = rhyton_data::one_hot(&y, 3, "clouds").unwrap();
    let run = |loss: &str, targets: &Array| {
        let mut model = crate::training::network("relu");
        let compile = Compile::new().optimizer("sgd").loss(loss).metrics(["accuracy"]);
        model.compile(compile).unwrap();
        let history = model.fit(&x, targets, quiet().epochs(2)).unwrap();
        assert_eq!(history.history.keys().collect::<Vec<_>>(), ["accuracy", "loss"]);
        (history.history, model.weight_values().unwrap())
    };
    let (made, given) =
        (run("categorical_crossentropy", &y), run("categorical_crossentropy", &rows));
    assert_eq!(made.1, given.1);
    assert_eq!(made.0["loss"], given.0["loss"]);
    assert_eq!(made.0["accuracy"], given.0["accuracy"]);
    let sparse = run("sparse_categorical_crossentropy", &y);
    assert!((sparse.0["loss"][1] - made.0["loss"][1]).abs() < 1e-5);
}

fn two_outputs() -> Model {
    let x = input(&[4]);
    let a = Dense::new(1).name("a").apply(&[&x]);
    let b = Dense::new(3).activation("softmax").name("b").apply(&[&x]);
    Model::functional(&[&x], &[&a, &b]).unwrap()
}

#[test]
fn several_outputs_have_keys_of_their_own() {
    let mut model = two_outputs();
    let compile = Compile::new()
        .losses(["mse", "sparse_categorical_crossentropy"])
        .loss_weights(&[0.5, 2.0])
        .metrics(["accuracy"]);
    model.compile(compile).unwrap();
    let x = f32s(&[2, 4], &[0.1, 0.2, 0.3, 0.4, -0.1, 0.5, 0.7, 1.0]);
    let y = [f32s(&[2, 1], &[1.0, 0.0]), Array::from_slice(&[2], &[2_i32, 0]).unwrap()];
    let logs = model.evaluate(&x, [&y[0], &y[1]], Evaluate::new()).unwrap();
    let keys: Vec<&str> = logs.keys().map(String::as_str).collect();
    assert_eq!(keys, ["a_accuracy", "a_loss", "b_accuracy", "b_loss", "loss"]);
    let total = 0.5 * logs["a_loss"] + 2.0 * logs["b_loss"];
    assert!((logs["loss"] - total).abs() < 1e-5);
    let history = model.fit(&x, [&y[0], &y[1]], quiet().epochs(2)).unwrap();
    assert_eq!(history.history["b_loss"].len(), 2);
    insta::assert_snapshot!(model.evaluate(&x, &y[0], Evaluate::new()).unwrap_err(), @"evaluate: targets expected 2 arrays, received 1");
    let uneven = Compile::new().losses(["mse", "mse", "mse"]);
    insta::assert_snapshot!(model.compile(uneven).unwrap_err(), @"compile: loss expected one for each of 2 outputs, received 3");
}

#[test]
fn compiling_again_starts_anew() {
    let x = f32s(&[4, 1], &[1.0, 2.0, 3.0, 4.0]);
    let mut model = identity(&["mae"]);
    model.fit(&x, &x, quiet()).unwrap();
    assert_eq!(model.iterations().unwrap(), 1);
    model.compile(Compile::new().optimizer("adam").loss(MeanSquaredError::default())).unwrap();
    assert_eq!(model.iterations().unwrap(), 0);
    let logs = model.evaluate(&x, &x, Evaluate::new()).unwrap();
    assert_eq!(logs.keys().collect::<Vec<_>>(), ["loss"]);
}

#[test]
fn training_asks_for_what_is_missing() {
    let mut model = Sequential::new().input(&[1]).add(Dense::new(1)).build().unwrap();
    let x = f32s(&[2, 1], &[1.0, 2.0]);
    insta::assert_snapshot!(model.fit(&x, &x, quiet()).unwrap_err(), @"the model is not compiled; call `compile` with an optimizer and a loss first");
    insta::assert_snapshot!(model.evaluate(&x, &x, Evaluate::new()).unwrap_err(), @"the model is not compiled; call `compile` with an optimizer and a loss first");
    insta::assert_snapshot!(model.learning_rate().unwrap_err(), @"the model is not compiled; call `compile` with an optimizer and a loss first");
    model.compile(Compile::new()).unwrap();
    insta::assert_snapshot!(model.fit(&x, &x, quiet()).unwrap_err(), @"no loss to compute; give `compile` a loss");
    insta::assert_snapshot!(model.compile(Compile::new().loss("msee")).unwrap_err(), @r#"
    unknown loss `msee`; did you mean MSE, MSLE, mse?
      to use your own: custom_objects().loss("msee", |y_true, y_pred| …)
    "#);
    insta::assert_snapshot!(model.compile(Compile::new().optimizer("adan")).unwrap_err(), @"unknown optimizer `adan`; did you mean Adam, adam, AdamW?");
    let metrics = Compile::new().loss("mse").metrics(["acuracy"]);
    insta::assert_snapshot!(model.compile(metrics).unwrap_err(), @r#"
    unknown metric `acuracy`; did you mean Accuracy, accuracy?
      to use your own: custom_objects().metric("acuracy", |y_true, y_pred| …)
    "#);
    let twice = SGD::new(0.1).clipnorm(1.0).clipvalue(1.0);
    insta::assert_snapshot!(model.compile(Compile::new().optimizer(twice)).unwrap_err(), @"SGD: clipping expected at most one way, received clipnorm 1, clipvalue 1");
    model.compile(Compile::new().loss("mse")).unwrap();
    insta::assert_snapshot!(model.fit(&x, &f32s(&[3, 1], &[0.0; 3]), quiet()).unwrap_err(), @"fit: y0 expected 2 rows, as many as the first input, received shape [3, 1]");
    insta::assert_snapshot!(model.fit(&x, &x, quiet().batch_size(0)).unwrap_err(), @"fit: batch_size expected at least 1, received 0");
    let none = Array::zeros(DType::F32, &[0, 1]);
    insta::assert_snapshot!(model.fit(&none, &none, quiet()).unwrap_err(), @"fit: x expected at least one sample, received none");
    let weights = f32s(&[3], &[1.0; 3]);
    insta::assert_snapshot!(model.fit(&x, &x, quiet().sample_weight(&weights)).unwrap_err(), @"fit: sample_weight expected 2 rows, as many as the first input, received shape [3]");
}

#[test]
fn a_softmax_over_samples_is_not_taken_for_one_over_classes() {
    let build = |activation: &str| {
        let dense = Dense::new(2).kernel_initializer("ones").activation(activation);
        let mut model = Sequential::new().input(&[2]).add(dense).build().unwrap();
        model.compile(Compile::new().loss("categorical_crossentropy")).unwrap();
        model
    };
    let x = f32s(&[2, 2], &[1.0, 2.0, 0.5, 0.25]);
    let y = f32s(&[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    let loss = |activation: &str| {
        let mut model = build(activation);
        let p = model.predict(&x, Predict::new()).unwrap().remove(0);
        let p = p.view::<f32>();
        let row = |a: f32, b: f32, right: f32| -f64::from(right / (a + b)).ln();
        let expected = f64::midpoint(row(p[0], p[1], p[0]), row(p[2], p[3], p[3]));
        (model.evaluate(&x, &y, Evaluate::new()).unwrap()["loss"], expected)
    };
    for activation in ["softmax", "softmax(axis=0)"] {
        let (found, expected) = loss(activation);
        assert!((found - expected).abs() < 1e-6, "{activation}: {found}, {expected}");
    }
}
