use std::cell::RefCell;

use rhyton::callbacks::Training;
use rhyton::{
    Array, BatchNormalization, Callback, Compile, Dense, Dropout, EarlyStopping, Evaluate, Fit,
    Flatten, Model, Predict, Result, SGD, Sequential, Verbose, custom_objects,
};

/// Two clouds of points on a 4 × 4 grid, told apart by their sums.
pub(crate) fn clouds(samples: usize) -> (Array, Array) {
    let mut x = Vec::new();
    let mut y = Vec::new();
    for sample in 0..samples {
        let words = rhyton_tensor::philox4x32([7, 7], [sample as u32, 0, 0, 0]);
        let label = (words[0] % 3) as i32;
        for place in 0..16_u32 {
            let noise = rhyton_tensor::philox4x32([1, 1], [sample as u32, place, 0, 0])[0];
            let bump = if place / 4 == label as u32 { 1.0 } else { 0.0 };
            x.push(bump + rhyton_tensor::uniform_f32(noise) - 0.5);
        }
        y.push(label);
    }
    (Array::from_slice(&[samples, 4, 4], &x).unwrap(), Array::from_slice(&[samples], &y).unwrap())
}

pub(crate) fn network(activation: &str) -> Model {
    let mut model = Sequential::new()
        .input(&[4, 4])
        .add(Flatten::new())
        .add(Dense::new(16).activation(activation))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.1))
        .add(Dense::new(3).activation("softmax"))
        .build()
        .unwrap();
    let compile = Compile::new()
        .optimizer("adam")
        .loss("sparse_categorical_crossentropy")
        .metrics(["accuracy"]);
    model.compile(compile).unwrap();
    model
}

#[test]
fn a_network_learns_and_is_evaluated() {
    let (x, y) = clouds(300);
    let mut model = network("swish");
    let fit = Fit::new()
        .epochs(12)
        .batch_size(32)
        .validation_split(0.2)
        .verbose(Verbose::Silent)
        .callback(EarlyStopping::new("val_loss").patience(20));
    let history = model.fit(&x, &y, fit).unwrap();
    assert_eq!(history.epoch.len(), 12);
    let names: Vec<&str> = history.history.keys().map(String::as_str).collect();
    assert_eq!(names, ["accuracy", "loss", "val_accuracy", "val_loss"]);
    assert!(history.last("val_accuracy").unwrap() > 0.9, "{history:?}");
    let logs = model.evaluate(&x, &y, Evaluate::new().batch_size(128)).unwrap();
    let predicted = model.predict(&x, Predict::new().batch_size(7)).unwrap().remove(0);
    let labels = y.view::<i32>();
    let right = predicted
        .view::<f32>()
        .chunks(3)
        .zip(labels)
        .filter(|(row, label)| row.iter().all(|p| *p <= row[**label as usize]))
        .count();
    assert!((right as f64 / 300.0 - logs["accuracy"]).abs() < 1e-6);
}

#[test]
fn training_is_reproducible() {
    let (x, y) = clouds(96);
    let run = || {
        let mut model = network("relu");
        model.fit(&x, &y, Fit::new().epochs(2).verbose(Verbose::Silent)).unwrap();
        model.weight_values().unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_registered_function_is_trained_with() {
    fn tilted(x: &rhyton::Tensor, beta: &rhyton::Tensor) -> rhyton::Tensor {
        x * rhyton::ops::sigmoid(beta * x)
    }
    custom_objects().activation("tilted", tilted, [("beta", 3.0)]).unwrap();
    let (x, y) = clouds(128);
    let mut model = network("tilted");
    let history = model.fit(&x, &y, Fit::new().epochs(3).verbose(Verbose::Silent)).unwrap();
    assert!(history.history["loss"][2] < history.history["loss"][0]);
}

#[test]
fn a_trainable_beta_moves() {
    let (x, y) = clouds(128);
    let mut model = network("swish(beta=trainable(1.0))");
    model.fit(&x, &y, Fit::new().epochs(2).verbose(Verbose::Silent)).unwrap();
    let beta = model.weight("dense/activation/beta").unwrap();
    assert_ne!(beta.view::<f32>()[0], 1.0);
}

#[test]
fn errors_name_the_layer_and_what_to_do() {
    let model = Sequential::new().input(&[4]).add(Dense::new(3).activation("swsh")).build();
    insta::assert_snapshot!(model.unwrap_err(), @r#"
    dense: unknown activation `swsh`; did you mean swish, mish, smish?
      to use your own: custom_objects().activation_from("swsh", "x * sigmoid(beta * x)")?
    "#);
    let mut model = Sequential::new().input(&[4]).add(Dense::new(3)).build().unwrap();
    let (x, y) = clouds(4);
    insta::assert_snapshot!(model.fit(&x, &y, Fit::new()).unwrap_err(), @"the model is not compiled; call `compile` with an optimizer and a loss first");
    model.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse")).unwrap();
    insta::assert_snapshot!(model.fit(&x, &y, Fit::new()).unwrap_err(), @"fit: input `input_layer` expected float32[N, 4], received float32[4, 4, 4]");
}

/// Loss after each epoch; steps in another order would change it.
fn losses(model: &mut Model, epochs: usize) -> Vec<f64> {
    let (x, y) = clouds(40);
    let fit = Fit::new().epochs(epochs).batch_size(8).seed(3).verbose(Verbose::Silent);
    model.fit(&x, &y, fit).unwrap().history["loss"].clone()
}

/// Every call goes on with a new order, as one long call would, also after saving and loading.
#[test]
fn the_order_of_samples_goes_on_from_call_to_call() {
    let fresh = || {
        let mut model = Sequential::new()
            .input(&[4, 4])
            .add(Flatten::new())
            .add(Dense::new(3).activation("softmax"))
            .build()
            .unwrap();
        let compile = Compile::new().optimizer("adam").loss("sparse_categorical_crossentropy");
        model.compile(compile).unwrap();
        model
    };
    let whole = losses(&mut fresh(), 4);
    let mut one_by_one = fresh();
    let parts: Vec<f64> = (0..4).flat_map(|_| losses(&mut one_by_one, 1)).collect();
    assert_eq!(parts, whole);
    let mut first = fresh();
    let mut resumed = losses(&mut first, 2);
    let file = first.to_file().unwrap();
    let mut again = Model::from_file(&file, &rhyton::LoadOptions::default()).unwrap();
    resumed.extend(losses(&mut again, 2));
    assert_eq!(resumed, whole);
    // At a learning rate of 0 the loss of the first batch says which samples it had.
    let mut still = fresh();
    still.set_learning_rate(0.0).unwrap();
    let firsts = RefCell::new(Vec::new());
    let (x, y) = clouds(40);
    for _ in 0..3 {
        let fit = Fit::new().batch_size(8).seed(3).verbose(Verbose::Silent);
        still.fit(&x, &y, fit.callback(FirstBatch(&firsts))).unwrap();
    }
    let firsts = firsts.into_inner();
    assert!(firsts[0] != firsts[1] && firsts[1] != firsts[2], "{firsts:?}");
}

/// Keeps the loss after the first batch of each epoch.
struct FirstBatch<'a>(&'a RefCell<Vec<f64>>);

impl Callback for FirstBatch<'_> {
    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        if batch == 0 {
            self.0.borrow_mut().push(cx.logs()?["loss"]);
        }
        Ok(())
    }
}
