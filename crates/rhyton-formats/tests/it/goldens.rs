use std::fs;
use std::path::{Path, PathBuf};

use rhyton_formats::{ModelFile, is_model_file, read, read_bytes, write, write_bytes};
use rhyton_tensor::Array;
use serde_json::Value;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens")
}

/// The files and what h5py reads in them, as `goldens/make.py` wrote both.
pub(crate) fn expected() -> serde_json::Map<String, Value> {
    let text = fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap().as_object().unwrap().clone()
}

#[test]
fn keras_files_are_read_as_h5py_reads_them() {
    let table = expected();
    assert_eq!(table.len(), 5);
    for (name, expected) in &table {
        let path = folder().join(name);
        assert!(is_model_file(&path));
        let model = read(&path).unwrap();
        assert_eq!(model.config["class_name"], expected["class_name"], "{name}");
        check_groups(name, &model, &expected["groups"]);
        let assets: Vec<_> = model
            .assets
            .iter()
            .map(|(path, bytes)| {
                (format!("assets/{path}"), Value::from(std::str::from_utf8(bytes).unwrap()))
            })
            .collect();
        let wanted: Vec<_> = expected["assets"].as_object().unwrap().clone().into_iter().collect();
        assert_eq!(assets, wanted, "{name}");
    }
}

fn check_groups(file: &str, model: &ModelFile, expected: &Value) {
    let groups = expected.as_object().unwrap();
    assert_eq!(model.weights.groups.len(), groups.len(), "{file}");
    for (path, expected) in groups {
        let group = model.weights.group(path).unwrap();
        assert_eq!(group.name.as_deref(), expected["name"].as_str(), "{file} {path}");
        let variables = expected["variables"].as_array().unwrap();
        assert_eq!(group.variables.len(), variables.len(), "{file} {path}");
        for (array, expected) in group.variables.iter().zip(variables) {
            check_array(&format!("{file} {path}"), array, expected);
        }
        assert!(group.named.is_empty());
    }
}

fn check_array(what: &str, array: &Array, expected: &Value) {
    assert_eq!(array.dtype().name(), expected["dtype"].as_str().unwrap(), "{what}");
    let shape: Vec<usize> = serde_json::from_value(expected["shape"].clone()).unwrap();
    assert_eq!(array.shape(), shape, "{what}");
    let values: Vec<f64> = serde_json::from_value(expected["values"].clone()).unwrap();
    assert_eq!(array.to_f64(), values, "{what}");
}

#[test]
fn the_config_keeps_its_order_and_numbers() {
    let model = read(folder().join("sequential.keras")).unwrap();
    let keys: Vec<_> = model.config.as_object().unwrap().keys().collect();
    let order =
        ["module", "class_name", "config", "registered_name", "build_config", "compile_config"];
    assert_eq!(keys, order);
    assert_eq!(model.metadata["keras_version"], "3.15.1");
    let rate = &model.config["compile_config"]["optimizer"]["config"]["learning_rate"];
    assert_eq!(rate.to_string(), "0.0010000000474974513");
}

#[test]
fn what_is_written_reads_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    for name in expected().keys() {
        let model = read(folder().join(name)).unwrap();
        let bytes = write_bytes(&model).unwrap();
        assert_eq!(read_bytes(&bytes).unwrap(), model, "{name}");
        let path = scratch.path().join(name);
        write(&path, &model).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
    }
}

#[test]
fn h5py_files_of_other_kinds_are_read() {
    // Chunks, gzip, shuffle, big-endian, a compact file of libver "v108": see goldens/make.py.
    let plain = read(folder().join("sequential.keras")).unwrap();
    for name in ["chunked.keras", "v108.keras", "big_endian.keras"] {
        assert_eq!(read(folder().join(name)).unwrap().weights, plain.weights, "{name}");
    }
}

#[test]
fn links_and_external_data_are_never_followed() {
    for name in ["soft_link.keras", "external_link.keras", "external_data.keras", "virtual.keras"] {
        match read(folder().join(name)) {
            Err(error) => assert!(error.to_string().contains("weights `/"), "{name}: {error}"),
            Ok(model) => assert_eq!(model.weights.variables("layers/dense").len(), 1, "{name}"),
        }
    }
}

#[test]
fn shape_bombs_are_refused() {
    let error = read(folder().join("shape_bomb.keras")).unwrap_err().to_string();
    assert!(error.contains("bytes of variables: expected at most 268435456"), "{error}");
}
