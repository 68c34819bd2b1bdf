use std::fs;

use rhyton_formats::{Error, Format, ModelFile, read};
use serde_json::json;

use crate::goldens::folder;

fn golden(name: &str) -> ModelFile {
    read(folder().join(name)).unwrap()
}

/// Layers and the names of their variables, as a text.
fn outline(model: &ModelFile) -> String {
    let layers = &model.layers.as_ref().unwrap().layers;
    let line = |(layer, variables): &(String, Vec<(String, rhyton_tensor::Array)>)| {
        let names: Vec<String> =
            variables.iter().map(|(name, array)| format!("{name} {:?}", array.shape())).collect();
        format!("{layer}: {}", names.join(", "))
    };
    layers.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_legacy_file_of_tf_keras() {
    let model = golden("tf_keras.h5");
    assert_eq!(model.metadata, json!({"keras_version": "2.21.0", "backend": "tensorflow"}));
    assert_eq!(model.config["class_name"], "Sequential");
    assert_eq!(model.config["training_config"]["loss"], "sparse_categorical_crossentropy");
    insta::assert_snapshot!(outline(&model), @r"
    dense: dense/kernel:0 [3, 4], dense/bias:0 [4]
    batch_normalization: batch_normalization/gamma:0 [4], batch_normalization/beta:0 [4], batch_normalization/moving_mean:0 [4], batch_normalization/moving_variance:0 [4]
    dropout: 
    dense_1: dense_1/kernel:0 [4, 2], dense_1/bias:0 [2]
    ");
    let optimizer = model.layers.unwrap().optimizer;
    assert_eq!(optimizer.len(), 13);
    assert_eq!((optimizer[0].0.as_str(), optimizer[0].1.to_f64()), ("iteration:0", vec![3.0]));
    assert_eq!(optimizer[2].0, "Adam/v/dense/kernel:0");
}

#[test]
fn names_in_parts_and_of_fixed_length_are_the_same_names() {
    let (plain, split) = (golden("tf_keras.h5"), golden("split_names.h5"));
    assert_eq!(split, plain);
}

#[test]
fn weights_alone_have_no_configuration() {
    let (whole, weights) = (golden("tf_keras.h5"), golden("tf_keras_weights.h5"));
    assert!(weights.config.is_null());
    assert_eq!(weights.layers.unwrap().layers, whole.layers.unwrap().layers);
}

#[test]
fn every_form_of_keras_3_holds_the_same_numbers() {
    let legacy = golden("keras.h5").layers.unwrap();
    let (groups, named) = (golden("keras.weights.h5").weights, golden("keras.npz").named.unwrap());
    let mut count = 0;
    for (layer, variables) in &legacy.layers {
        let group = groups.variables(&format!("layers/{layer}"));
        for (place, (name, array)) in variables.iter().enumerate() {
            let path = name.strip_prefix("sequential/").unwrap();
            assert_eq!((array, array), (&group[place], &named[path]), "{name}");
            count += 1;
        }
    }
    assert_eq!((count, named.len()), (8, 8));
    let state = legacy.optimizer.iter().map(|(_, array)| array);
    assert!(state.eq(groups.variables("optimizer")));
}

#[test]
fn every_format_writes_what_it_read() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["tf_keras.h5", "tf_keras_weights.h5", "keras.h5", "keras.weights.h5", "keras.npz"]
    {
        let model = golden(name);
        let path = scratch.path().join(name);
        rhyton_formats::write(&path, &model).unwrap();
        assert_eq!(read(&path).unwrap(), model, "{name}");
        assert_eq!(
            Format::of(name).unwrap().write_bytes(&model).unwrap(),
            fs::read(&path).unwrap()
        );
    }
}

#[test]
fn links_and_external_data_are_never_followed() {
    for name in
        ["soft_link.h5", "external_link.h5", "external_data.h5", "virtual.h5", "shape_bomb.h5"]
    {
        let error = read(folder().join(name)).unwrap_err().to_string();
        assert!(error.contains("weights `/model_weights/dense"), "{name}: {error}");
    }
}

#[test]
fn hdf5_without_keras_in_it_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("model.h5");
    let format = Format::of("x.h5").unwrap();
    let mut bytes = format.write_bytes(&ModelFile::default()).unwrap();
    // The same length, so that the file stays whole.
    for name in [&b"model_weights"[..], b"layer_names"] {
        while let Some(at) = bytes.windows(name.len()).position(|window| window == name) {
            bytes[at] = b'x';
        }
    }
    fs::write(&path, &bytes).unwrap();
    let Error::File { cause, .. } = read(&path).unwrap_err() else { panic!("no file named") };
    insta::assert_snapshot!(cause, @r#"weights `/`: expected Keras' groups (`vars`, or `model_weights` and the attribute `layer_names`), received [xodel_weights]; it is no file of Keras: save the model with `model.save("name.keras")`"#);
}
