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
    insta::assert_snapshot!(named("swish"), @r#"{"name":"swish","aliases":["silu"],"formula":"x * sigmoid(beta * x)","parameters":{"beta":1.0},"kind":"channel"}"#);
    insta::assert_snapshot!(named("relu"), @r#"{"name":"relu","aliases":[],"formula":"where(x > threshold, min(x, max_value), negative_slope * (x - threshold))","parameters":{"negative_slope":0.0,"max_value":"Infinity","threshold":0.0},"kind":"elementwise"}"#);
    assert_eq!(named("softmax")["kind"], "axis");
    let text = rhyton(Path::new("."), &["activations"]).output();
    assert_eq!(text.lines().count(), list.len() + 1);
    assert!(list.len() >= 80, "{}", list.len());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn one_is_shown_with_all_that_is_known_of_it() {
    let text = rhyton(Path::new("."), &["activations", "show", "silu"]).output();
    insta::assert_snapshot!(text, @r"
    name       swish
    also       silu
    kind       channel
    formula    x * sigmoid(beta * x)
    parameter  beta = 1: any number; meant to be trained for each channel
    limits     NaN at -inf, inf at inf, NaN at NaN
    least      -0.2784645427610738 at -1.2784645427610737
    precision  computed in float64, rounded to float32
    mind       beta stands inside the sigmoid (e_swish has it outside); oneDNN calls it alpha; Keras' silu has none
    mind       NaN at −inf, as in Keras (−inf times 0)
    source     Ramachandran et al. 2017, arXiv 1710.05941; beta = 1: Hendrycks & Gimpel 2016, arXiv 1606.08415
    ");
    let run = rhyton(Path::new("."), &["activations", "show", "swsh"]).error();
    assert!(run.contains("did you mean swish"), "{run}");
    let one = json(Path::new("."), &["activations", "--json", "show", "silu"]);
    assert_eq!(one["name"], "swish");
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
    error: unknown activation `swsh`; did you mean swish, mish, smish?
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

#[test]
fn exact_values_are_rounded_once() {
    let value = |flag: &[&str]| {
        let arguments = ["activations", "eval", "x * sigmoid(1.5 * x)", "--x", "-60,1", "--json"];
        let rows = json(Path::new("."), &[&arguments, flag].concat());
        rows.as_array().unwrap().iter().map(|row| row["y"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    let exact = value(&["--exact"]);
    for (x, y) in [-60.0_f64, 1.0].into_iter().zip(exact) {
        assert_eq!(y as f32, (x / (1.0 + (-1.5 * x).exp())) as f32);
    }
    // In float32 what 1.5 * x is rounded by counts 60 times as much behind the exponential.
    assert_ne!(value(&[])[0], value(&["--exact"])[0]);
}

#[test]
fn evaluation_is_the_engines() {
    let on = |backend: &str| {
        let arguments =
            ["activations", "eval", "tanh(x)", "--x", "-9..9:0.01", "--backend", backend];
        rhyton(Path::new("."), &arguments).output()
    };
    assert_eq!(on("native").lines().count(), 1802);
    assert_ne!(on("native"), on("interpreter"), "they round in places of their own");
}

#[test]
fn check_shows_what_is_known() {
    let check = |arguments: &[&str]| {
        rhyton(Path::new("."), &[&["activations", "check"], arguments].concat())
    };
    insta::assert_snapshot!(check(&["max(0.1x, x)"]).output(), @r#"
    f(x)              max(0.1 * x, x)
    f'(x)             where(0.1 * x > x, 0.1, 1)
    range             -inf to inf
    monotone          increasing
    at -inf, inf      grows like 0.1 x; grows like x
    at 0              0
    kinks             x = 0 (f' 0.1 | 1, taken: 1)
    derivative        agrees with finite differences at 1086 points (greatest deviation 2.5e-14)
    float32           value 0.6 ULP at -3.40196e38, derivative 0.2 ULP at -3.40116e38 (1185500 and 262146 points)
    float16           0.8 ULP at -0.000732422
    bfloat16          0.6 ULP at -9.7713e-38
    gain              1.4072 (relu: 1.4142)
    edge of chaos q=1 weights 1.4072, biases 0.0000
    edge of chaos q=4 weights 1.4072, biases 0.0000
    30 plain layers   passes with He's initialization, passes with the edge at q=4
    "#);
    insta::assert_snapshot!(check(&["log(1 + exp(-beta * x))", "--set", "beta=2", "-q"]).output(), @r#"
    f(x)              log(1 + exp(-beta * x))
    computed as       softplus(-beta * x)
    parameters        beta = 2
    f'(x)             sigmoid(-beta * x) * -beta
    range             0 (towards inf) to inf
    monotone          decreasing
    at -inf, inf      grows like -2 x; tends to 0
    at 0              0.693147
    kinks             none
    saturated         x >= 3.8002 (|f'| < 0.001)
    derivative        agrees with finite differences at 1178 points (greatest deviation 2.5e-13)
    float32           value 0.5 ULP at -0.0118027, derivative 0.5 ULP at 7.62045e-5 (661234 and 262146 points)
    beyond float32    x <= -1.70141e38 (1156 points)
    float16           0.5 ULP at 3.19481e-5
    bfloat16          0.5 ULP at 0.00762939
    gain              0.6552 (relu: 1.4142)
    edge of chaos q=1 `softplus(-beta * x)` has no edge of chaos at q = 1: the biases' variance would have to be -0.671; take the plain gain, or another q
    edge of chaos q=4 `softplus(-beta * x)` has no edge of chaos at q = 4: the biases' variance would have to be -1.021; take the plain gain, or another q
    30 plain layers   explodes with He's initialization
    "#);
    insta::assert_snapshot!(
        check(&["softmax"]).error(),
        @"error: activations check: expected a function of one number, `softmax` works on an axis"
    );
    let card = json(Path::new("."), &["activations", "check", "swish", "--json"]);
    assert_eq!(card["review"]["kinks"].as_array().unwrap().len(), 0);
    assert_eq!(card["review"]["monotone"], "neither");
    assert!((card["gain"].as_f64().unwrap() - 1.677).abs() < 1e-3);
    assert!((card["edge_of_chaos"][1]["sigma_w"].as_f64().unwrap() - 1.464).abs() < 1e-3);
    assert_eq!(card["parameters"]["beta"], 1.0);
    let sigmoid = json(Path::new("."), &["activations", "check", "sigmoid(x)", "--json"]);
    assert!(sigmoid["edge_of_chaos"][0]["reason"].as_str().unwrap().contains("no edge of chaos"));
}

#[test]
fn check_and_eval_have_help() {
    for action in ["check", "eval"] {
        let text = rhyton(Path::new("."), &["activations", action, "-h"]).output();
        insta::assert_snapshot!(format!("help_activations_{action}"), text);
    }
}
