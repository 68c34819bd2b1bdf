//! Regularizers and constraints of layers, in training, evaluation and files.

use rhyton::constraints::{MaxNorm, NonNeg};
use rhyton::regularizers::{L1, L1L2, L2};
use rhyton::{
    Array, BatchNormalization, Compile, Dense, Evaluate, Fit, LoadOptions, Model, Predict, SGD,
    Sequential, Verbose,
};

fn data() -> (Array, Array) {
    let numbers = |stream: u32, count: usize| -> Vec<f32> {
        let word = |place| rhyton_tensor::philox4x32([2, 3], [place, stream, 0, 0])[0];
        (0..count as u32).map(|place| 2.0 * rhyton_tensor::uniform_f32(word(place)) - 1.0).collect()
    };
    let x = Array::from_slice(&[10, 3], &numbers(0, 30)).unwrap();
    (x, Array::from_slice(&[10, 2], &numbers(1, 20)).unwrap())
}

fn compiled(mut model: Model) -> Model {
    let compile = Compile::new().optimizer(SGD::new(0.1)).loss("mse").metrics(["mae", "mse"]);
    model.compile(compile).unwrap();
    model
}

fn penalised() -> Model {
    let hidden = Dense::new(4)
        .kernel_regularizer(L2::new(0.1))
        .bias_regularizer("l1")
        .bias_initializer("ones")
        .activity_regularizer(L1::new(0.05));
    let model = Sequential::new()
        .input(&[3])
        .add(hidden)
        .add(BatchNormalization::new().gamma_regularizer(L1L2::default().l1(0.2).l2(0.3)))
        .add(Dense::new(2));
    compiled(model.build().unwrap())
}

fn sum(array: &Array, f: impl Fn(f64) -> f64) -> f64 {
    array.to_f64().into_iter().map(f).sum()
}

/// In batches of 4, 4 and 2, the activity penalty is a mean over each batch, weighed by its size.
#[test]
fn penalties_are_part_of_the_loss_and_of_no_metric() {
    let (x, y) = data();
    let mut model = penalised();
    let logs = model.evaluate(&x, &y, Evaluate::new().batch_size(4)).unwrap();
    let entered = model.outputs_of("dense", &[&x]).unwrap().remove(0);
    let predicted = model.predict(&x, Predict::new()).unwrap().remove(0);
    let errors = predicted.to_f64().into_iter().zip(y.to_f64());
    let mse = errors.map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 20.0;
    let activity = 0.05 * sum(&entered, f64::abs) / 10.0;
    let kernel = 0.1 * sum(&model.weight("dense/kernel").unwrap(), |w| w * w);
    let bias = 0.01 * sum(&model.weight("dense/bias").unwrap(), f64::abs);
    let gamma = model.weight("batch_normalization/gamma").unwrap();
    let gamma = sum(&gamma, |w| 0.2 * w.abs() + 0.3 * w * w);
    let expected = mse + activity + kernel + bias + gamma;
    assert!((logs["loss"] - expected).abs() < 1e-5 * expected, "{logs:?} {expected}");
    assert!((logs["mse"] - mse).abs() < 1e-5 * mse, "{logs:?} {mse}");
}

/// With a target that the model already meets, a step is made of the penalties alone.
#[test]
fn penalties_move_weights() {
    let (x, _) = data();
    let dense = Dense::new(2).kernel_regularizer(L2::new(0.1)).bias_regularizer(L1::new(0.3));
    let model = Sequential::new().input(&[3]).add(dense.bias_initializer("ones"));
    let mut model = compiled(model.build().unwrap());
    let y = model.predict(&x, Predict::new()).unwrap().remove(0);
    let before = model.weight("dense/kernel").unwrap().to_f64();
    model.fit(&x, &y, Fit::new().batch_size(10).verbose(Verbose::Silent)).unwrap();
    let after = model.weight("dense/kernel").unwrap().to_f64();
    for (before, after) in before.iter().zip(&after) {
        assert!((after - before * (1.0 - 0.1 * 2.0 * 0.1)).abs() < 1e-6, "{before} {after}");
    }
    for bias in model.weight("dense/bias").unwrap().to_f64() {
        assert!((bias - (1.0 - 0.1 * 0.3)).abs() < 1e-6, "{bias}");
    }
}

#[test]
fn untrained_weights_add_nothing() {
    let (x, y) = data();
    let dense = Dense::new(2).kernel_regularizer(L2::new(10.0)).trainable(false);
    let mut model = compiled(Sequential::new().input(&[3]).add(dense).build().unwrap());
    let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
    assert!((logs["loss"] - logs["mse"]).abs() < 1e-6, "{logs:?}");
}

#[test]
fn constraints_hold_after_each_step() {
    let (x, y) = data();
    let dense = Dense::new(2).kernel_constraint(MaxNorm::new(0.3)).bias_constraint(NonNeg {});
    let mut model = compiled(Sequential::new().input(&[3]).add(dense).build().unwrap());
    let shifted =
        Array::from_slice(&[10, 2], &y.view::<f32>().iter().map(|y| y - 5.0).collect::<Vec<_>>());
    let fit = Fit::new().batch_size(4).verbose(Verbose::Silent);
    model.fit(&x, &shifted.unwrap(), fit).unwrap();
    let kernel = model.weight("dense/kernel").unwrap().to_f64();
    for unit in 0..2 {
        let norm = (0..3).map(|row| kernel[2 * row + unit].powi(2)).sum::<f64>().sqrt();
        assert!((norm - 0.3).abs() < 1e-5, "{norm}");
    }
    assert_eq!(model.weight("dense/bias").unwrap().to_f64(), [0.0, 0.0]);
}

#[test]
fn files_keep_them() {
    let (x, y) = data();
    let mut model = penalised();
    let file = model.to_file().unwrap();
    let layer = &file.config["config"]["layers"][1]["config"];
    insta::assert_snapshot!(layer, @r#"{"name":"dense","dtype":"float32","units":4,"bias_initializer":{"module":"keras.initializers","class_name":"Ones","config":{},"registered_name":null},"kernel_regularizer":{"module":"keras.regularizers","class_name":"L2","config":{"l2":0.1},"registered_name":null},"bias_regularizer":{"module":"keras.regularizers","class_name":"L1","config":{},"registered_name":null},"activity_regularizer":{"module":"keras.regularizers","class_name":"L1","config":{"l1":0.05},"registered_name":null}}"#);
    let mut again = Model::from_file(&file, &LoadOptions::default()).unwrap();
    let [before, after] =
        [&mut model, &mut again].map(|model| model.evaluate(&x, &y, Evaluate::new()).unwrap());
    assert_eq!(before, after);
}

#[test]
fn unknown_names_are_refused_when_the_model_is_built() {
    let refused = |dense: Dense| Sequential::new().input(&[3]).add(dense).build().unwrap_err();
    insta::assert_snapshot!(refused(Dense::new(2).kernel_regularizer("l3")), @"dense: dense/kernel: unknown regularizer `l3`; did you mean L1, L2, l1?");
    insta::assert_snapshot!(refused(Dense::new(2).bias_constraint("nonnegative")), @"dense: dense/bias: unknown constraint `nonnegative`; did you mean NonNeg, nonneg?");
    insta::assert_snapshot!(refused(Dense::new(2).activity_regularizer("l4")), @"dense: unknown regularizer `l4`; did you mean L1, L2, l1?");
}
