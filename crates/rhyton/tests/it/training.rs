use rhyton::{
    Array, BatchNormalization, Compile, Dense, Dropout, EarlyStopping, Evaluate, Fit, Flatten,
    Model, Predict, SGD, Sequential, Verbose, custom_objects,
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
    dense: unknown activation `swsh`; did you mean swish, mish?
      to use your own: custom_objects().activation_from("swsh", "x * sigmoid(beta * x)")?
    "#);
    let mut model = Sequential::new().input(&[4]).add(Dense::new(3)).build().unwrap();
    let (x, y) = clouds(4);
    insta::assert_snapshot!(model.fit(&x, &y, Fit::new()).unwrap_err(), @"the model is not compiled; call `compile` with an optimizer and a loss first");
    model.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse")).unwrap();
    insta::assert_snapshot!(model.fit(&x, &y, Fit::new()).unwrap_err(), @"fit: input `input_layer` expected float32[N, 4], received float32[4, 4, 4]");
}
