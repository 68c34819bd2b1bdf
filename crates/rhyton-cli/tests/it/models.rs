use std::fs;
use std::path::Path;

use rhyton::{Array, Compile, Dense, Model, Sequential};
use rhyton_data::{npy, npz};

use crate::process::{json, rhyton};

/// A folder with a model of three inputs and two classes, compiled or not, and data that it learns.
fn folder(compiled: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut model = Sequential::new()
        .input(&[3])
        .add(Dense::new(8).activation("swish(beta=2)"))
        .add(Dense::new(2).activation("softmax"))
        .build()
        .unwrap();
    if compiled {
        let compile = Compile::new().optimizer("adam").loss("sparse_categorical_crossentropy");
        model.compile(compile.metrics(["accuracy"])).unwrap();
    }
    model.save(folder.path().join("m.keras")).unwrap();
    let x: Vec<f32> = (0..60).map(|place| ((place * 7919) % 13) as f32 / 6.0 - 1.0).collect();
    let y: Vec<i32> = x.chunks(3).map(|row| i32::from(row[0] > row[1])).collect();
    let (x, y) = (Array::from_slice(&[20, 3], &x).unwrap(), Array::from_slice(&[20], &y).unwrap());
    npz::write(&folder.path().join("d.npz"), [("x", &x), ("y", &y)]).unwrap();
    npz::write(&folder.path().join("x.npz"), [("x", &x)]).unwrap();
    npy::write(&folder.path().join("x.npy"), &x).unwrap();
    folder
}

const TRAIN: [&str; 6] = ["train", "m.keras", "--data", "d.npz", "--output", "out.keras"];

fn train(folder: &Path, more: &[&str]) -> String {
    let finished = rhyton(folder, &[&TRAIN, more].concat());
    if finished.success { finished.stderr } else { finished.error() }
}

#[test]
fn train_evaluate_predict() {
    let folder = folder(true);
    let path = folder.path();
    let more =
        ["--epochs", "3", "--batch-size", "8", "--validation-split", "0.25", "--history", "h.json"];
    let remarks = train(path, &more);
    assert!(remarks.contains("Epoch 3/3") && remarks.contains("2/2 - "), "{remarks}");
    let history: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path.join("h.json")).unwrap()).unwrap();
    assert_eq!(history["epoch"], serde_json::json!([0, 1, 2]));
    assert_eq!(history["params"], serde_json::json!({"epochs": 3, "steps": 2, "batch_size": 8}));
    let values = history["history"].as_object().unwrap();
    let names: Vec<&String> = values.keys().collect();
    assert_eq!(names, ["accuracy", "loss", "val_accuracy", "val_loss"]);
    assert!(values.values().all(|list| list.as_array().unwrap().len() == 3));

    let before = json(path, &["evaluate", "m.keras", "--data", "d.npz", "--json"]);
    let after = json(path, &["evaluate", "out.keras", "--data", "d.npz", "--json"]);
    assert_eq!(after.as_object().unwrap().keys().collect::<Vec<_>>(), ["loss", "accuracy"]);
    assert!(after["loss"].as_f64() < before["loss"].as_f64(), "{before} {after}");

    for (input, output) in [("x.npz", "y.npz"), ("x.npy", "y.npy"), ("d.npz", "y.csv")] {
        let arguments = ["predict", "out.keras", "--input", input, "--output", output, "--quiet"];
        assert_eq!(rhyton(path, &arguments).output(), "");
    }
    let stored = npz::read(&path.join("y.npz")).unwrap().remove(0);
    assert_eq!((stored.0.as_str(), stored.1.shape()), ("y0", &[20, 2][..]));
    assert_eq!(stored.1, npy::read(&path.join("y.npy")).unwrap());
    let table = rhyton_data::csv::read(&path.join("y.csv")).unwrap();
    assert_eq!(table.values, stored.1);
    let model = Model::load(path.join("out.keras")).unwrap();
    let x = npy::read(&path.join("x.npy")).unwrap();
    let direct = model.predict(&x, rhyton::Predict::new().batch_size(128)).unwrap();
    assert_eq!(direct[0], stored.1);
}

#[test]
fn training_is_reproducible_and_goes_on() {
    let folder = folder(true);
    let path = folder.path();
    let weights = |file: &str| Model::load(path.join(file)).unwrap().weight_values().unwrap();
    train(path, &["--seed", "5"]);
    let first = weights("out.keras");
    train(path, &["--seed", "5"]);
    assert_eq!(weights("out.keras"), first);
    let on = ["train", "out.keras", "--data", "d.npz", "--output", "out.keras", "-q"];
    rhyton(path, &on).output();
    assert_ne!(weights("out.keras"), first);
    assert_eq!(Model::load(path.join("out.keras")).unwrap().iterations().unwrap(), 2);
}

#[test]
fn a_model_without_a_loss_is_given_one() {
    let folder = folder(false);
    let path = folder.path();
    insta::assert_snapshot!(train(path, &[]), @"");
    let choices = [
        "--loss",
        "categorical_crossentropy",
        "--optimizer",
        "sgd",
        "--metrics",
        "accuracy, mse",
        "-q",
    ];
    assert_eq!(train(path, &choices), "");
    let values = json(path, &["evaluate", "out.keras", "--data", "d.npz", "--json"]);
    assert_eq!(values.as_object().unwrap().len(), 3, "{values}");
    let error = train(path, &["--loss", "categorical_crosentropy"]);
    insta::assert_snapshot!(error, @"");
}

#[test]
fn damaged_and_missing_files() {
    let folder = folder(true);
    let path = folder.path();
    let evaluate =
        |model: &str, data: &str| rhyton(path, &["evaluate", model, "--data", data]).error();
    let whole = fs::read(path.join("m.keras")).unwrap();
    fs::write(path.join("cut.keras"), &whole[..whole.len() / 2]).unwrap();
    fs::write(path.join("text.keras"), "no model").unwrap();
    insta::assert_snapshot!(evaluate("cut.keras", "d.npz"), @"");
    insta::assert_snapshot!(evaluate("text.keras", "d.npz"), @"");
    insta::assert_snapshot!(evaluate("missing.keras", "d.npz"), @"");
    insta::assert_snapshot!(evaluate("m.keras", "missing.npz"), @"");
    insta::assert_snapshot!(evaluate("m.keras", "x.npz"), @"");
    insta::assert_snapshot!(evaluate("m.keras", "digits"), @"");
    insta::assert_snapshot!(evaluate("m.keras", "m.keras"), @"");
}

#[test]
fn outputs_are_checked_before_the_work() {
    let folder = folder(true);
    let path = folder.path();
    let output = |name: &str| {
        rhyton(path, &["train", "m.keras", "--data", "d.npz", "--output", name]).error()
    };
    insta::assert_snapshot!(output("out.h5"), @"");
    insta::assert_snapshot!(output("missing/out.keras"), @"");
    insta::assert_snapshot!(train(path, &["--history", "missing/h.json"]), @"");
    insta::assert_snapshot!(train(path, &["--validation-split", "1.5"]), @"");
    assert!(!path.join("out.keras").exists());
    let predict = ["predict", "m.keras", "--input", "x.npz", "--output", "y.txt"];
    insta::assert_snapshot!(rhyton(path, &predict).error(), @"");
}
