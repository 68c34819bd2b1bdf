use rhyton::Array;
use serde_json::Value;

use crate::process::{json, rhyton};

#[test]
fn one_epoch_on_the_digits() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "compare",
        "relu",
        "x * sigmoid(1.5x)",
        "--seeds",
        "1",
        "--epochs",
        "1",
        "--json",
        "--report",
        "out",
    ];
    let found = json(folder.path(), &arguments);
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for (row, name) in rows.iter().zip(["relu", "x * sigmoid(1.5x)"]) {
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        let wanted = [
            "activation",
            "accuracy_mean",
            "accuracy_sd",
            "seeds",
            "epoch_seconds",
            "ratio",
            "accuracies",
        ];
        assert_eq!(keys, wanted);
        assert_eq!((&row["activation"], &row["seeds"]), (&name.into(), &1.into()));
        assert_eq!(row["accuracy_sd"], Value::Null);
        assert_eq!(row["accuracies"][0], row["accuracy_mean"]);
        // One epoch of 63 steps is far above chance on ten digits.
        assert!(row["accuracy_mean"].as_f64().unwrap() > 0.7, "{row}");
        assert!(row["epoch_seconds"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(rows[0]["ratio"], 1.0);
    let written = std::fs::read_to_string(folder.path().join("out/report.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), found);
}

#[test]
fn a_table_for_people_and_data_without_parts() {
    let folder = tempfile::tempdir().unwrap();
    let x: Vec<f32> = (0..120).map(|place| (place % 7) as f32 - 3.0).collect();
    let y: Vec<i32> = (0..40).map(|place| place % 3).collect();
    let (x, y) = (Array::from_slice(&[40, 3], &x).unwrap(), Array::from_slice(&[40], &y).unwrap());
    rhyton_data::npz::write(&folder.path().join("d.npz"), [("x", &x), ("y", &y)]).unwrap();
    let arguments = ["compare", "relu", "tanh", "--data", "d.npz", "--seeds", "2", "--epochs", "1"];
    let finished = rhyton(folder.path(), &arguments);
    assert!(finished.stderr.contains("32 samples train, 8 measure"), "{}", finished.stderr);
    assert!(finished.stderr.contains("4/4  tanh  seed 1  accuracy"), "{}", finished.stderr);
    let table = finished.output();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("activation  accuracy") && lines[1].contains(" ± "), "{table}");
    let quiet = rhyton(folder.path(), &[&arguments[..], &["--quiet"]].concat());
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_parameter_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let x: Vec<f32> = (0..40).map(|place| place as f32 / 20.0 - 1.0).collect();
    let y: Vec<i32> = (0..40).map(|place| place / 20).collect();
    let (x, y) = (Array::from_slice(&[40, 1], &x).unwrap(), Array::from_slice(&[40], &y).unwrap());
    rhyton_data::npz::write(&folder.path().join("d.npz"), [("x", &x), ("y", &y)]).unwrap();
    let arguments = ["compare", "relu", "swish", "--sweep", "beta=-1,0.5", "--data", "d.npz"];
    let rest = ["--seeds", "1", "--epochs", "1", "--json"];
    let found = json(folder.path(), &[&arguments[..], &rest].concat());
    let rows = found["rows"].as_array().unwrap().iter();
    let names: Vec<&str> = rows.map(|row| row["activation"].as_str().unwrap()).collect();
    assert_eq!(names, ["relu", "swish(beta=-1)", "swish(beta=0.5)"]);
    let mistaken = ["compare", "swish", "--sweep", "gamma=1"];
    insta::assert_snapshot!(rhyton(folder.path(), &mistaken).error(), @"error: compare: --sweep expected a parameter that an activation has (`swish`: beta), received `gamma`");
}

#[test]
fn mistakes_are_found_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        |arguments: &[&str]| rhyton(folder.path(), &[&["compare"], arguments].concat()).error();
    insta::assert_snapshot!(error(&["relu", "rellu"]), @r#"
    error: unknown activation `rellu`; did you mean reglu, relu, celu?
      to use your own: custom_objects().activation_from("rellu", "x * sigmoid(beta * x)")?
    "#);
    insta::assert_snapshot!(error(&["relu", "--data", "digit"]), @"error: data: `digit` is no file, no folder and none of the known names (digits, mnist, fashion-mnist) (did you mean `digits`?); pass a path or one of these names");
    insta::assert_snapshot!(error(&["relu", "--only", "conv*"]), @"error: compare: expected a hidden activation in a layer named like `conv*`, found none in the model's layers (flatten, dense, dense_1, batch_normalization, dense_2)");
    insta::assert_snapshot!(error(&["relu", "--report", "a/b"]), @"error: a/b: can't make the folder: No such file or directory (os error 2)");
    let error = error(&["relu", "glu"]);
    assert!(error.starts_with("error: dense: activation expected one that gives "), "{error}");
}
