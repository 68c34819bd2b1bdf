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
    insta::assert_snapshot!(named("swish"), @r#"{"name":"swish","aliases":["silu"],"formula":"x * sigmoid(beta * x)","parameters":{"beta":1.0},"kind":"elementwise"}"#);
    insta::assert_snapshot!(named("relu"), @r#"{"name":"relu","aliases":[],"formula":"where(x > threshold, min(x, max_value), negative_slope * (x - threshold))","parameters":{"negative_slope":0.0,"max_value":"Infinity","threshold":0.0},"kind":"elementwise"}"#);
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
fn flags_stand_before_or_after_eval_and_quiet_means_no_remarks() {
    let sigmoid = "1/(1+exp(-x))";
    let after = ["activations", "eval", sigmoid, "--x", "1", "--json", "-q"];
    let before = ["activations", "-q", "--json", "eval", sigmoid, "--x", "1"];
    for arguments in [after, before] {
        let run = rhyton(Path::new("."), &arguments);
        assert_eq!(run.stderr, "");
        assert!(run.output().contains("0.731058"));
    }
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
fn short_expressions_are_no_names() {
    for (text, y) in [("0.5x", 1.0), ("x/2", 1.0), ("x-3", -1.0), ("x>0", 1.0)] {
        let rows = json(Path::new("."), &["activations", "eval", text, "--x", "2", "--json"]);
        assert_eq!(rows[0]["y"], y, "{text}");
    }
}

#[test]
fn points_come_from_ranges_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let points = Array::from_slice(&[2, 2], &[-1.0_f64, 0.0, 1.0, 2.0]).unwrap();
    rhyton_data::npy::write(&folder.path().join("p.npy"), &points).unwrap();
    let run =
        |x: &str| rhyton(folder.path(), &["activations", "eval", "max(x, 0)", "--x", x]).output();
    insta::assert_snapshot!(run("-1..2:1"), @r#"
       x    y   dy
    -1.0  0.0  0.0
     0.0  0.0  0.0
     1.0  1.0  1.0
     2.0  2.0  1.0
    "#);
    assert_eq!(run("-1..2:1"), run("p.npy"));
}

#[test]
fn mistakes_are_explained() {
    insta::assert_snapshot!(error(&["swsh", "--x", "1"]), @r#"
    error: unknown activation `swsh`; did you mean swish, mish?
      to use your own: custom_objects().activation_from("swsh", "x * sigmoid(beta * x)")?
    "#);
    insta::assert_snapshot!(error(&["x * sigmod(x)", "--x", "1"]), @r#"
    error: unknown function `sigmod`
      x * sigmod(x)
          ^^^^^^
      did you mean `sigmoid`?
    "#);
    insta::assert_snapshot!(error(&["x * (", "--x", "1"]), @r#"
    error: expected a number, a name or `(`, received the end of the text
      x * (
           ^
    "#);
    insta::assert_snapshot!(error(&["swish", "--x", "1", "--set", "bta=1"]), @"error: swish: parameter expected one of beta (did you mean beta?), received bta");
    insta::assert_snapshot!(error(&["softmax", "--x", "1"]), @"error: activations eval: expected a function of one number, `softmax` works on an axis");
    insta::assert_snapshot!(error(&["swish", "--x", "1..2"]), @r#"
    error: invalid value '1..2' for '--x <POINTS>': expected start..end:step, as in -3..3:0.5

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(error(&["swish", "--x", "missing.npy"]), @"error: missing.npy: can't open: No such file or directory (os error 2)");
}
