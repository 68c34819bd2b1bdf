use std::path::Path;

use rhyton::Array;

use crate::process::{json, rhyton};

fn error(arguments: &[&str]) -> String {
    rhyton(Path::new("."), &[&["activations", "eval"], arguments].concat()).error()
}

#[test]
fn the_list_says_what_each_is() {
    let list = json(Path::new("."), &["activations", "--json"]);
    let list = list.as_array().unwrap();
    let named = |name: &str| list.iter().find(|entry| entry["name"] == name).unwrap();
    insta::assert_snapshot!(named("swish"), @"");
    insta::assert_snapshot!(named("relu"), @"");
    assert_eq!(named("softmax")["kind"], "axis");
    let text = rhyton(Path::new("."), &["activations"]).output();
    assert_eq!(text.lines().count(), list.len() + 1);
}

#[test]
fn values_and_derivatives() {
    let arguments = ["activations", "eval", "swish", "--x", "1", "--set", "beta=3", "--json"];
    let row = &json(Path::new("."), &arguments)[0];
    // x sigmoid(3 x) and its derivative at 1, in f64 from the definition.
    let sigmoid = 1.0 / (1.0 + (-3.0_f64).exp());
    assert!((row["y"].as_f64().unwrap() - sigmoid).abs() < 1e-6, "{row}");
    let slope = sigmoid + 3.0 * sigmoid * (1.0 - sigmoid);
    assert!((row["dy"].as_f64().unwrap() - slope).abs() < 1e-6, "{row}");
}

#[test]
fn what_is_no_number_is_a_string() {
    let arguments = ["activations", "eval", "x", "--x", "nan,inf,-inf", "--json"];
    let rows = json(Path::new("."), &arguments);
    assert_eq!(rows[0]["y"], "NaN");
    assert_eq!(rows[1]["x"], "Infinity");
    assert_eq!(rows[2]["y"], "-Infinity");
}

#[test]
fn points_come_from_ranges_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let points = Array::from_slice(&[2, 2], &[-1.0_f64, 0.0, 1.0, 2.0]).unwrap();
    rhyton_data::npy::write(&folder.path().join("p.npy"), &points).unwrap();
    let run =
        |x: &str| rhyton(folder.path(), &["activations", "eval", "max(x, 0)", "--x", x]).output();
    insta::assert_snapshot!(run("-1..2:1"), @"");
    assert_eq!(run("-1..2:1"), run("p.npy"));
}

#[test]
fn mistakes_are_explained() {
    insta::assert_snapshot!(error(&["swsh", "--x", "1"]), @"");
    insta::assert_snapshot!(error(&["x * sigmod(x)", "--x", "1"]), @"");
    insta::assert_snapshot!(error(&["x * (", "--x", "1"]), @"");
    insta::assert_snapshot!(error(&["swish", "--x", "1", "--set", "bta=1"]), @"");
    insta::assert_snapshot!(error(&["softmax", "--x", "1"]), @"");
    insta::assert_snapshot!(error(&["swish", "--x", "1..2"]), @"");
    insta::assert_snapshot!(error(&["swish", "--x", "missing.npy"]), @"");
}
