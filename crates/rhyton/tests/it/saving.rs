use std::path::{Path, PathBuf};

use rhyton::{
    Apply, Array, Compile, Dense, Fit, LoadOptions, Model, Predict, Sequential, Verbose,
    custom_objects, input,
};

use crate::training::{clouds, network};

#[test]
fn a_trained_model_comes_back_with_its_bits() {
    let (x, y) = clouds(64);
    let mut model = network("swish(beta=1.5)");
    model.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let mut again = Model::load(&path).unwrap();
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
    let fit = || Fit::new().verbose(Verbose::Silent).shuffle(false);
    assert_eq!(again.fit(&x, &y, fit()).unwrap(), model.fit(&x, &y, fit()).unwrap());
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
}

#[test]
fn definitions_travel_in_the_file() {
    fn steep(x: &rhyton::Tensor, beta: &rhyton::Tensor) -> rhyton::Tensor {
        rhyton::ops::softmax(&(x * beta), -1) * x
    }
    custom_objects().activation("steep", steep, [("beta", 2.0)]).unwrap();
    custom_objects().activation_from("lab>bent", "x + 0.5 * tanh(gamma * x)").unwrap();
    let model = Sequential::new()
        .input(&[5])
        .add(Dense::new(4).activation("steep(beta=3)"))
        .add(Dense::new(4).activation("lab>bent"))
        .add(Dense::new(2).activation("0.1x + max(x, 0)"))
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    custom_objects().remove("steep");
    custom_objects().remove("lab>bent");
    let again = Model::load(&path).unwrap();
    let x = Array::from_slice(&[3, 5], &(0..15).map(|i| i as f32 * 0.3 - 2.0).collect::<Vec<_>>());
    let x = x.unwrap();
    let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap();
    assert_eq!(predict(&model), predict(&again));
}

#[test]
fn functional_models_keep_operations_and_shared_layers() {
    let (a, b) = (input(&[3]), input(&[3]));
    let shared = Dense::new(4).activation("relu").name("shared");
    let joined = shared_sum(&shared, &a, &b);
    let y = Dense::new(1).apply(&[&joined]);
    let model = Model::functional(&[&a, &b], &[&y]).unwrap();
    assert_eq!(model.layers().len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let again = Model::load(&path).unwrap();
    let x = Array::from_slice(&[2, 3], &[1.0_f32, -2.0, 0.5, 3.0, 0.1, -0.7]).unwrap();
    let predict = |model: &Model| model.predict([&x, &x], Predict::new()).unwrap();
    assert_eq!(predict(&model), predict(&again));
}

fn shared_sum(shared: &Dense, a: &rhyton::Tensor, b: &rhyton::Tensor) -> rhyton::Tensor {
    shared.apply(&[a]) * 2 + 1 + shared.apply(&[b])
}

/// A file that real Keras wrote.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rhyton-formats/goldens").join(name)
}

#[test]
fn a_legacy_file_goes_on_training_where_it_stopped() {
    let (x, y) = clouds(64);
    let mut model = network("swish(beta=1.5)");
    model.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.h5");
    model.save(&path).unwrap();
    let flatten = rhyton_formats::read(&path).unwrap().config["config"]["layers"][1].clone();
    let keys: Vec<&String> = flatten["config"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "dtype", "data_format"]);
    let mut again = Model::load(&path).unwrap();
    assert_eq!(again.iterations().unwrap(), model.iterations().unwrap());
    let fit = || Fit::new().verbose(Verbose::Silent).shuffle(false);
    assert_eq!(again.fit(&x, &y, fit()).unwrap(), model.fit(&x, &y, fit()).unwrap());
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
}

#[test]
fn files_of_tf_keras_mean_what_they_meant_there() {
    let model = Model::load(golden("tf_keras.h5")).unwrap();
    assert_eq!(model.iterations().unwrap(), 3);
    let activation = |model: &Model| {
        model.to_file().unwrap().config["config"]["layers"][1]["config"]["activation"].clone()
    };
    assert_eq!(activation(&model)["config"]["expression"], "min(max(0.2 * x + 0.5, 0), 1)");
    let moments = model.to_file().unwrap().weights;
    let stored = rhyton_formats::read(golden("tf_keras.h5")).unwrap().layers.unwrap().optimizer;
    for (ours, theirs) in moments.variables("optimizer")[2..].iter().zip(&stored[1..]) {
        assert_eq!(ours, &theirs.1, "{}", theirs.0);
    }
    let modern = Model::load(golden("keras.h5")).unwrap();
    assert_eq!(activation(&modern), "hard_sigmoid");
    assert_eq!(modern.iterations().unwrap(), 3);
}

#[test]
fn weights_alone_come_back_in_every_format() {
    let model = Model::load(golden("keras.h5")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["w.weights.h5", "w.safetensors", "w.npz", "w.keras", "w.h5"] {
        let path = folder.path().join(name);
        if ["w.keras", "w.h5"].contains(&name) {
            model.save(&path).unwrap();
        } else {
            model.save_weights(&path).unwrap();
        }
        let mut other = model.with_seed(1).unwrap();
        assert_ne!(other.weight_values().unwrap(), model.weight_values().unwrap());
        other.load_weights(&path).unwrap();
        assert_eq!(other.weight_values().unwrap(), model.weight_values().unwrap(), "{name}");
    }
    // Layers of other names take an older file's weights in order.
    let mut other = model.with_seed(1).unwrap();
    for name in ["keras.weights.h5", "keras.npz", "keras.h5"] {
        other.load_weights(golden(name)).unwrap();
        assert_eq!(other.weight_values().unwrap(), model.weight_values().unwrap(), "{name}");
    }
    other.load_weights(golden("tf_keras_weights.h5")).unwrap();
    let old = Model::load(golden("tf_keras.h5")).unwrap();
    assert_eq!(other.weight_values().unwrap(), old.weight_values().unwrap());
}

#[test]
fn weights_that_do_not_fit_name_the_layer_and_change_nothing() {
    let mut model = Sequential::new()
        .input(&[3])
        .add(Dense::new(4))
        .add(rhyton::BatchNormalization::new())
        .add(Dense::new(5).name("wider"))
        .build()
        .unwrap();
    let before = model.weight_values().unwrap();
    let mut messages = Vec::new();
    for name in ["keras.h5", "keras.weights.h5", "keras.npz"] {
        let error = model.load_weights(golden(name)).unwrap_err().to_string();
        messages.push(error.split_once(": ").unwrap().1.to_owned());
    }
    insta::assert_snapshot!(messages.join("\n"), @r"
    wider/kernel: weights expected shape [4, 5], received [4, 2] from `sequential/dense_1/kernel` of the file
    wider/kernel: weights expected shape [4, 5], received [4, 2] from `layers/dense_1` of the file
    wider/kernel: weights expected an array of that name in the file, received none (nearest: dense/kernel, dense_1/kernel)
    ");
    assert_eq!(model.weight_values().unwrap(), before);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (wrong, error) in [
        ("m.npz", model.save(path("m.npz"))),
        ("m.h5", model.save_weights(path("m.h5"))),
        ("m.onnx", model.save(path("m.onnx"))),
    ] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains(wrong), "{error}");
        assert!(!path(wrong).exists());
    }
    let error = Model::load(golden("keras.npz")).unwrap_err().to_string();
    assert!(error.contains("weights alone"), "{error}");
}

#[test]
fn h5_has_no_form_for_operations_with_numbers() {
    let x = input(&[3]);
    let model = Model::functional(&[&x], &[&(Dense::new(2).apply(&[&x]) * 2)]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = model.save(folder.path().join("m.h5")).unwrap_err().to_string();
    assert!(error.contains("multiply") && error.contains("save as `.keras`"), "{error}");
}

/// `auto` asks the activation; files hold what it comes to, so that Keras reads it, and the name.
#[test]
fn initializers_that_look_at_the_activation_are_saved_settled() {
    let mut model = Sequential::new()
        .input(&[400])
        .add(Dense::new(300).activation("swish").kernel_initializer("auto"))
        .add(Dense::new(300).activation("x * sigmoid(1.7x)").kernel_initializer("auto(q=1)"))
        .add(Dense::new(300).activation("relu").kernel_initializer("he_auto"))
        .add(Dense::new(5).activation("softmax").kernel_initializer("auto"))
        .build()
        .unwrap();
    let deviation = |model: &Model, path: &str| {
        let values = model.weight(path).unwrap().to_f64();
        (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
    };
    for (path, expected, within) in [
        ("dense/kernel", 1.464 / 20.0, 0.02),
        ("dense/bias", 0.481, 0.15),
        ("dense_2/kernel", (2.0_f64 / 300.0).sqrt(), 0.02),
        ("dense_3/kernel", (1.0_f64 / 300.0).sqrt(), 0.05),
    ] {
        let found = deviation(&model, path);
        assert!((found / expected - 1.0).abs() < within, "{path}: {found} for {expected}");
    }
    assert_eq!(deviation(&model, "dense_2/bias"), 0.0);
    model.compile(Compile::new().optimizer("sgd").loss("mse")).unwrap();
    let file = model.to_file().unwrap();
    let config = |layer: usize| file.config["config"]["layers"][layer]["config"].clone();
    assert_eq!(config(1)["kernel_initializer"]["class_name"], "VarianceScaling");
    assert_eq!(config(1)["kernel_initializer"]["module"], "keras.initializers");
    let scale = config(1)["kernel_initializer"]["config"]["scale"].as_f64().unwrap();
    assert!((scale.sqrt() - 1.464).abs() < 1e-3);
    assert_eq!(config(1)["bias_initializer"]["class_name"], "RandomNormal");
    assert!(!file.config.to_string().contains("Auto"));
    assert!(!file.config.to_string().contains("\"rhyton\":"));
    let names = file.rhyton.as_ref().unwrap()["initializers"].as_object().unwrap();
    assert_eq!(names["/config/layers/2/config/kernel_initializer"], "auto(q=1.0)");
    assert_eq!(names["/config/layers/3/config/kernel_initializer"], "he_auto");
    let again = Model::from_file(&file, &LoadOptions::default()).unwrap();
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
    let resaved = again.to_file().unwrap();
    assert_eq!(resaved.rhyton, file.rhyton);
    assert_eq!(resaved.config["config"], file.config["config"]);
}
