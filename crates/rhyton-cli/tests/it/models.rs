use std::fs;
use std::path::Path;

use rhyton::{Array, Compile, Dense, Model, Sequential};
use rhyton_data::{npy, npz};

use crate::process::{command, json, rhyton};

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
    insta::assert_snapshot!(train(path, &[]), @"error: m.keras: the model is not compiled; pass --loss (and --optimizer, --metrics)");
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
    insta::assert_snapshot!(error, @r#"
    error: unknown loss `categorical_crosentropy`; did you mean categorical_crossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy?
      to use your own: custom_objects().loss("categorical_crosentropy", |y_true, y_pred| …)
    "#);
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
    insta::assert_snapshot!(evaluate("cut.keras", "d.npz"), @"error: cut.keras: zip archive: invalid Zip archive: Could not find EOCD; the file is damaged or no model: copy or save it again");
    insta::assert_snapshot!(evaluate("text.keras", "d.npz"), @r#"error: text.keras: expected a model file (.keras, .h5, .npz, .weights.h5, .safetensors), received something else; save it again with Keras 3's `model.save("name.keras")`"#);
    insta::assert_snapshot!(evaluate("missing.keras", "d.npz"), @"error: missing.keras: can't open it: No such file or directory (os error 2)");
    insta::assert_snapshot!(evaluate("m.keras", "missing.npz"), @"error: missing.npz: can't open: No such file or directory (os error 2)");
    insta::assert_snapshot!(evaluate("m.keras", "x.npz"), @"error: x.npz: targets: expected an array `y`, received none; add the labels: `y` in an .npz, a first column `label` in a .csv, the labels file beside IDX images");
    insta::assert_snapshot!(evaluate("m.keras", "digits"), @"error: data: input `input_layer`: expected samples of shape (3), received (28, 28); the numbers of values differ and nothing was reshaped");
    insta::assert_snapshot!(evaluate("m.keras", "m.keras"), @r#"error: m.keras: array `metadata.json`: expected the bytes \x93NUMPY, received {\"kera; the file is no .npy array; check its name"#);
}

#[test]
fn outputs_are_checked_before_the_work() {
    let folder = folder(true);
    let path = folder.path();
    let output = |name: &str| {
        rhyton(path, &["train", "m.keras", "--data", "d.npz", "--output", name]).error()
    };
    insta::assert_snapshot!(output("out.h5"), @"error: out.h5: expected a file name that ends in .keras");
    insta::assert_snapshot!(output("missing/out.keras"), @"error: missing/out.keras: the folder missing does not exist; create it first");
    insta::assert_snapshot!(train(path, &["--history", "missing/h.json"]), @"error: missing/h.json: the folder missing does not exist; create it first");
    insta::assert_snapshot!(train(path, &["--validation-split", "1.5"]), @"error: validation_split: expected a fraction that leaves samples on both sides, received 1.5 of 20 samples; use a value between 0 and 1, or more samples");
    assert!(!path.join("out.keras").exists());
    let predict = ["predict", "m.keras", "--input", "x.npz", "--output", "y.txt"];
    insta::assert_snapshot!(rhyton(path, &predict).error(), @"error: y.txt: expected a file name that ends in .npz, .npy, .csv");
}

#[test]
fn compare_replaces_the_activations_of_a_model() {
    let folder = folder(true);
    let arguments = ["compare", "tanh", "0.5x", "--model", "m.keras", "--data", "d.npz"];
    let few = ["--seeds", "1", "--epochs", "1", "--only", "dense", "--json", "-q"];
    let found = json(folder.path(), &[&arguments[..], &few].concat());
    assert_eq!(found["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn a_summary_is_a_table() {
    let folder = folder(true);
    let text = rhyton(folder.path(), &["summary", "m.keras"]).output();
    assert!(text.contains("dense_1 (Dense)") && text.contains("Total params: "), "{text}");
}

#[test]
fn verbose_adds_causes() {
    let folder = folder(true);
    let arguments = ["evaluate", "m.keras", "--data", "missing.npz", "--verbose"];
    let error = rhyton(folder.path(), &arguments).error();
    assert!(error.contains("caused by: No such file"), "{error}");
}

/// A file whose optimizer nobody knows: its outputs and its summary need none, and training with
/// other choices needs none either.
#[test]
fn an_optimizer_that_is_not_known_stops_only_what_needs_it() {
    let folder = folder(true);
    let path = folder.path();
    let keras = path.join("m.keras");
    let mut file = rhyton_formats::read(&keras).unwrap();
    file.config["compile_config"]["optimizer"] = serde_json::json!({
        "module": "keras.optimizers", "class_name": "Sideways", "config": {}, "registered_name": null,
    });
    rhyton_formats::write(&keras, &file).unwrap();
    let run = |arguments: &[&str]| {
        let finished = rhyton(path, arguments);
        (finished.success, finished.stdout + &finished.stderr)
    };
    let (predicted, told) = run(&["predict", "m.keras", "--input", "x.npy", "--output", "y.npy"]);
    assert!(predicted, "{told}");
    let (summed, told) = run(&["summary", "m.keras"]);
    assert!(summed && told.contains("dense_1") && told.contains("Sideways"), "{told}");
    let both = ["--optimizer", "sgd", "--loss", "sparse_categorical_crossentropy"];
    let (trained, told) = run(&[&TRAIN[..], &both].concat());
    assert!(trained && told.contains("Sideways"), "{told}");
    let (trained, told) = run(&[&TRAIN[..], &both[..2]].concat());
    assert!(!trained && told.contains("Sideways"), "{told}");
}

/// A file says where its channels stand; only a model that is made anew asks the configuration.
#[test]
fn the_configured_data_format_changes_no_file_that_says_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let model = Sequential::new()
        .input(&[4, 5, 3])
        .add(rhyton::Conv2D::new(2, 2))
        .add(rhyton::ZeroPadding2D::new(1))
        .add(rhyton::Flatten::new())
        .build()
        .unwrap();
    model.save(path.join("m.keras")).unwrap();
    let x: Vec<f32> = (0..120).map(|place| ((place * 7919) % 13) as f32 / 6.0 - 1.0).collect();
    npy::write(&path.join("x.npy"), &Array::from_slice(&[2, 4, 5, 3], &x).unwrap()).unwrap();
    let predict = |target: &str| {
        rhyton(path, &["predict", "m.keras", "--input", "x.npy", "--output", target]).output();
        fs::read(path.join(target)).unwrap()
    };
    let before = predict("last.npy");
    fs::write(path.join("rhyton.toml"), "image_data_format = \"channels_first\"\n").unwrap();
    assert_eq!(predict("first.npy"), before);
    fs::write(path.join("rhyton.toml"), "image_data_format = \"first\"\n").unwrap();
    let refused = rhyton(path, &["predict", "m.keras", "--input", "x.npy", "--output", "y.npy"]);
    assert!(refused.error().contains("image_data_format expected"));
}

#[test]
fn convert_and_diff() {
    let folder = folder(true);
    let path = folder.path();
    train(path, &[]);
    for name in ["c.h5", "c.weights.h5", "c.safetensors", "c.npz", "c.keras"] {
        let finished = rhyton(path, &["convert", "out.keras", name]);
        assert_eq!((finished.success, finished.stderr), (true, format!("out.keras -> {name}\n")));
        let same = rhyton(path, &["diff", "out.keras", name]);
        assert!(same.success && same.stdout.starts_with("the same"), "{}", same.stdout);
    }
    let differing = rhyton(path, &["diff", "m.keras", "c.npz", "--json"]);
    assert!(!differing.success && differing.stderr.is_empty());
    let report: serde_json::Value = serde_json::from_str(&differing.stdout).unwrap();
    assert_eq!(report["same"], false);
    assert_eq!(report["configuration"], serde_json::json!([]));
    assert_eq!(report["layers"], serde_json::json!(["dense", "dense_1"]));
    assert!(report["weights"][0]["max_abs_diff"].as_f64().unwrap() > 0.0);
    let refused = rhyton(path, &["convert", "c.npz", "d.keras"]).error();
    assert_eq!(
        refused,
        "error: c.npz: holds weights alone, no configuration; name the model that they belong to with --model MODEL\n"
    );
    rhyton(path, &["convert", "c.npz", "d.keras", "--model", "m.keras", "-q"]).output();
    rhyton(path, &["diff", "d.keras", "c.npz"]).output();
    assert!(
        rhyton(path, &["convert", "m.keras", "d.onnx"])
            .error()
            .contains("expected one that ends in")
    );
}

#[test]
fn diff_shows_paths_and_layers() {
    let folder = folder(true);
    let path = folder.path();
    let model = |units: usize| {
        let first = Dense::new(units).name("first");
        Sequential::new().name("net").input(&[2]).add(first).build().unwrap()
    };
    model(3).save(path.join("a.keras")).unwrap();
    model(4).save(path.join("b.h5")).unwrap();
    let shown = rhyton(path, &["diff", "a.keras", "b.h5"]);
    insta::assert_snapshot!(shown.stdout, @r"
    Configuration:
      config.layers[1].config.units  3 -> 4
    Weights:
      first/bias    float32[3] -> float32[4]
      first/kernel  float32[2, 3] -> float32[2, 4]
    Layers that differ: first
    ");
    let trouble = command(path, &["diff", "a.keras", "d.npz"]).output().unwrap();
    assert_eq!(trouble.status.code(), Some(2));
    let different = command(path, &["diff", "a.keras", "b.h5", "-q"]).output().unwrap();
    assert_eq!(different.status.code(), Some(1));
}

#[test]
fn samples_for_validation_come_from_one_place() {
    let folder = folder(true);
    let path = folder.path();
    insta::assert_snapshot!(train(path, &["--class-weight", "1=2,1=3"]), @"error: --class-weight: expected each class once, received 1 twice");
    let arrays = npz::read(&path.join("d.npz")).unwrap();
    let (x, y) = (&arrays[0].1, &arrays[1].1);
    let all = [("x", x), ("y", y), ("x_val", x), ("y_val", y)];
    npz::write(&path.join("d.npz"), all).unwrap();
    insta::assert_snapshot!(train(path, &["--validation-split", "0.5"]), @"error: train: the data has samples for validation of its own (x_val, y_val); leave out --validation-split and --stratify");
    train(path, &["-q"]);
}

#[test]
fn lines_of_any_length() {
    let folder = folder(false);
    let summary =
        |length: &str| rhyton(folder.path(), &["summary", "m.keras", "--line-length", length]);
    for length in ["300000", "100000000000", "18446744073709551615", "0"] {
        assert!(summary(length).error().contains("--line-length"), "{length}");
    }
    let longest = summary("10000").output();
    assert!(longest.lines().all(|line| line.chars().count() <= 10_000));
}

#[test]
fn names_of_any_length_are_compared() {
    let folder = folder(false);
    let path = folder.path();
    let dense = Dense::new(1).name("x".repeat(70_000));
    let model = Sequential::new().input(&[3]).add(dense).build().unwrap();
    model.save(path.join("long.keras")).unwrap();
    let found = rhyton(path, &["diff", "m.keras", "long.keras"]);
    assert!(!found.stderr.contains("panicked"), "{}", found.stderr);
}
