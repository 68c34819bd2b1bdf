//! Models inside models: weights, files of real Keras, freezing, what travels through them.

use std::path::Path;

use rhyton::{
    Activation, Add, Apply, Array, BatchNormalization, Compile, Concatenate, Dense, Dropout, Fit,
    LoadOptions, Model, Normalization, Predict, Sequential, SummaryOptions, Verbose, input,
};
use serde_json::json;

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

fn samples(rows: usize, columns: usize) -> Array {
    let values: Vec<f32> = (0..rows * columns).map(|i| (i as f32 * 0.7).sin()).collect();
    f32s(&[rows, columns], &values)
}

fn paths(model: &Model) -> Vec<&str> {
    model.weights().iter().map(|(_, weight)| weight.path.as_str()).collect()
}

/// `goldens/nested.keras` of Keras 3.15.1, and what it predicts.
#[test]
fn a_nested_model_of_keras_predicts_what_keras_predicts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens");
    let model = Model::load(folder.join("nested.keras")).unwrap();
    let arrays: std::collections::BTreeMap<String, Array> =
        rhyton_data::npz::read(&folder.join("nested.npz")).unwrap().into_iter().collect();
    let check = |model: &Model| {
        let found = model.predict([&arrays["x"], &arrays["y"]], Predict::new()).unwrap();
        for (place, found) in found.iter().enumerate() {
            let expected = &arrays[&format!("output{place}")];
            assert_eq!(found.shape(), expected.shape());
            for (a, b) in found.view::<f32>().iter().zip(expected.view::<f32>()) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "output {place}: {a}, {b}");
            }
        }
    };
    check(&model);
    let names: Vec<String> = model.layers().iter().map(|layer| layer.label()).collect();
    assert!(names.contains(&"silu_1".to_owned()) && names.contains(&"frozen".to_owned()));
    let frozen = model.weights().iter().filter(|(_, weight)| weight.path.starts_with("frozen/"));
    let frozen: Vec<bool> = frozen.map(|(_, weight)| weight.trainable).collect();
    assert_eq!(frozen, [false; 6]);
    assert!(paths(&model).contains(&"inner/twice/batch_normalization/moving_mean"));

    let file = model.to_file().unwrap();
    let layers = file.config["config"]["layers"].as_array().unwrap();
    let kwargs = |name: &str| {
        let entry = layers.iter().find(|entry| entry["name"] == name).unwrap();
        entry["inbound_nodes"][0]["kwargs"].clone()
    };
    assert_eq!(kwargs("dropout"), json!({"training": true}));
    assert_eq!(kwargs("frozen"), json!({"training": false}));
    let group = "layers/functional/layers/sequential/layers/batch_normalization";
    assert_eq!(file.weights.variables(group).len(), 4);
    let again = Model::from_file(&file, &LoadOptions::default()).unwrap();
    check(&again);
    assert_eq!(again.to_file().unwrap().config, file.config);
}

fn body() -> Model {
    body_of(5)
}

fn body_of(units: usize) -> Model {
    Sequential::new()
        .input(&[4])
        .add(Dense::new(units).activation("relu"))
        .add(BatchNormalization::new())
        .build()
        .unwrap()
}

#[test]
fn a_model_that_is_called_twice_shares_its_weights_and_keeps_their_values() {
    let body = body();
    body.set_weight("dense/kernel", &samples(4, 5)).unwrap();
    let (a, b) = (input(&[4]), input(&[4]));
    let joined = Concatenate::new().apply(&[&body.apply(&[&a]), &body.apply(&[&b])]);
    let model = Model::functional(&[&a, &b], &[&Dense::new(1).apply(&[&joined])]).unwrap();
    assert_eq!(model.layers().len(), 3);
    assert_eq!(model.weight("sequential/dense/kernel").unwrap(), samples(4, 5));
    assert_eq!(paths(&model).len(), 8);
    // A second call site of the same model is another layer only for a clone.
    let other = Add::new().apply(&[&body.apply(&[&a]), &body.to_layer().unwrap().apply(&[&a])]);
    let two = Model::functional(&[&a], &[&other]).unwrap();
    assert_eq!(two.layers().len(), 2, "the model's own layer is shared");
    let fresh = model.with_seed(7).unwrap();
    assert_ne!(fresh.weight("sequential/dense/kernel").unwrap(), samples(4, 5));
}

#[test]
fn a_frozen_model_stands_still() {
    let frozen = body().to_layer().unwrap().trainable(false);
    let mut model = Sequential::new().input(&[4]).add(frozen).add(Dense::new(2)).build().unwrap();
    let before = model.weight_values().unwrap();
    model.compile(Compile::new().optimizer("sgd").loss("mse")).unwrap();
    let fit = Fit::new().verbose(Verbose::Silent);
    model.fit(&samples(8, 4), &samples(8, 2), fit).unwrap();
    let after = model.weight_values().unwrap();
    for (place, path) in paths(&model).into_iter().enumerate() {
        let stays = path.starts_with("sequential/");
        assert_eq!(before[place] == after[place], stays, "{path}");
    }
    let again = Model::from_file(&model.to_file().unwrap(), &LoadOptions::default()).unwrap();
    assert!(again.weights().iter().all(|(_, w)| w.trainable != w.path.starts_with("sequential/")));
}

/// A loss on a nested model's softmax is computed from its logits, as without nesting.
#[test]
fn nesting_changes_no_training() {
    let layers =
        || Sequential::new().input(&[4]).add(Dense::new(3).activation("softmax").name("d"));
    let flat = layers().build().unwrap();
    let outer = Sequential::new().input(&[4]).add(flat.to_layer().unwrap()).build().unwrap();
    let y = Array::from_slice(&[8], &[0_i32, 1, 2, 0, 1, 2, 0, 1]).unwrap();
    let train = |mut model: Model| {
        let compile = Compile::new().optimizer("sgd").loss("sparse_categorical_crossentropy");
        model.compile(compile).unwrap();
        let fit = Fit::new().epochs(3).shuffle(false).verbose(Verbose::Silent);
        let history = model.fit(&(samples(8, 4)), &y, fit).unwrap();
        (history, model.weight_values().unwrap())
    };
    assert_eq!(train(flat), train(outer));
}

#[test]
fn activations_inside_are_exchanged() {
    let outer = Sequential::new()
        .input(&[4])
        .add(body_of(6).to_layer().unwrap())
        .add(Dense::new(2).activation("softmax"))
        .build()
        .unwrap();
    let tanh = Activation::from("tanh");
    let changed = outer.with_activation(&tanh, |path| path == "sequential/dense").unwrap();
    let written = changed.to_file().unwrap().config.to_string();
    assert!(written.contains("tanh") && !written.contains("relu") && written.contains("softmax"));
    let refused = outer.with_activation(&Activation::from("glu"), |_| true).unwrap_err();
    insta::assert_snapshot!(refused, @"sequential/dense: activation expected one that gives float32[N, 6], received float32[N, 3]");
}

#[test]
fn statistics_of_data_stay_with_fresh_weights() {
    let layer = Normalization::new().adapt(&samples(16, 4)).unwrap().name("norm");
    let model = Sequential::new().input(&[4]).add(layer).add(Dense::new(2)).build().unwrap();
    let mean = model.weight("norm/mean").unwrap();
    let file = model.to_file().unwrap();
    let loaded = Model::from_file(&file, &LoadOptions::default()).unwrap();
    let fresh = loaded.with_seed(5).unwrap();
    assert_eq!(fresh.weight("norm/mean").unwrap(), mean);
    assert_ne!(fresh.weight("dense/kernel").unwrap(), loaded.weight("dense/kernel").unwrap());
    assert_eq!(file.weights.variables("layers/normalization").len(), 3);
}

#[test]
fn rows_of_nested_models_can_be_shown() {
    let outer = Sequential::new()
        .input(&[4])
        .add(body().to_layer().unwrap())
        .add(Dropout::new(0.1))
        .build()
        .unwrap();
    let options = SummaryOptions { expand_nested: true, ..SummaryOptions::default() };
    let shown = outer.summary(&options).unwrap();
    assert!(shown.contains("│    └ dense (Dense) "), "{shown}");
    assert!(shown.contains("│ sequential (Sequential) "), "{shown}");
}

/// Layers listed from the output to the input, as a file may list them.
#[test]
fn a_long_chain_listed_backwards_loads() {
    let tensor = |name: &str| {
        json!({"class_name": "__keras_tensor__",
               "config": {"shape": [null, 1], "dtype": "float32", "keras_history": [name, 0, 0]}})
    };
    let count = 50_000;
    let mut layers: Vec<serde_json::Value> = (0..count)
        .rev()
        .map(|place| {
            let before = if place == 0 { "x".to_owned() } else { format!("d{}", place - 1) };
            let name = format!("d{place}");
            json!({"module": "keras.layers", "class_name": "Identity", "config": {"name": name},
                   "name": name,
                   "inbound_nodes": [{"args": [tensor(&before)], "kwargs": {"training": false}}]})
        })
        .collect();
    layers.push(json!({"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
                       "config": {"batch_shape": [null, 1], "dtype": "float32", "name": "x"}}));
    let config = |outputs: serde_json::Value| {
        json!({"class_name": "Functional", "config": {"name": "deep", "layers": layers,
               "input_layers": ["x", 0, 0], "output_layers": outputs}})
    };
    let load = |config: serde_json::Value| {
        let file = rhyton_formats::ModelFile { config, ..rhyton_formats::ModelFile::default() };
        Model::from_file(&file, &LoadOptions::default())
    };
    let model = load(config(json!([format!("d{}", count - 1), 0, 0]))).unwrap();
    assert_eq!(model.layers().len(), count);
    let error = load(config(json!([]))).unwrap_err().to_string();
    assert!(error.contains("output_layers"), "{error}");
}

/// Twenty models, each with two calls of the next: a million calls in a few lines.
#[test]
fn a_tower_of_models_is_refused() {
    let tensor = |name: &str| {
        json!({"class_name": "__keras_tensor__",
               "config": {"shape": [null, 1], "dtype": "float32", "keras_history": [name, 0, 0]}})
    };
    let mut inner = json!({"class_name": "Identity", "config": {"name": "inner"}, "name": "inner"});
    for models in 0..20 {
        inner["inbound_nodes"] = json!([{"args": [tensor("x")], "kwargs": {}},
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["inner", 0, 0]}}],
             "kwargs": {}}]);
        let input = json!({"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
            "config": {"batch_shape": [null, 1], "name": "x"}});
        inner = json!({"class_name": "Functional", "name": "inner", "config": {"name": "inner",
            "layers": [input, inner], "input_layers": ["x", 0, 0], "output_layers": ["inner", 1, 0]}});
        // Keras counts a model's calls from 1 here, a layer's from 0.
        if models > 0 {
            inner["config"]["output_layers"][1] = json!(2);
        }
    }
    let file = rhyton_formats::ModelFile { config: inner, ..rhyton_formats::ModelFile::default() };
    let error = Model::from_file(&file, &LoadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("calls"), "{error}");
}
