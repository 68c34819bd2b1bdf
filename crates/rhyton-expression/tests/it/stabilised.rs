//! Rewrites: what they recognise, that values agree, and that they are better where it matters.

use crate::catalogue::CATALOGUE;
use rhyton_expression::Expression;

fn stabilised(text: &str) -> Option<String> {
    let written = Expression::parse(text).expect("the table's texts are well-formed");
    written.stabilise().map(|better| better.to_string())
}

const RECOGNISED: &[(&str, &str)] = &[
    ("log(1 + exp(x))", "softplus(x)"),
    ("log(exp(beta*x) + 1)/beta", "softplus(beta * x) / beta"),
    ("log1p(exp(x))", "softplus(x)"),
    ("x/(1+exp(-x))", "x * sigmoid(x)"),
    ("x/(1+exp(-beta*x))", "x * sigmoid(beta * x)"),
    ("x/(1+exp(-1.7x))", "x * sigmoid(1.7 * x)"),
    ("1/(1+exp(-x))", "sigmoid(x)"),
    ("1/(1+e^-x)", "sigmoid(x)"),
    ("1/(1+exp(x))", "sigmoid(-x)"),
    ("exp(x)/(1+exp(x))", "sigmoid(x)"),
    ("exp(-x)/(1+exp(-x))", "sigmoid(-x)"),
    ("exp(x)/(exp(x)+1)", "sigmoid(x)"),
    ("log(sigmoid(x))", "-softplus(-x)"),
    ("log(1/(1+exp(-x)))", "-softplus(-x)"),
    ("log(1 - sigmoid(x))", "-softplus(x)"),
    ("exp(x)-1", "expm1(x)"),
    ("1-exp(x)", "-expm1(x)"),
    ("log(1+x^2)", "log1p(x ^ 2)"),
    ("log(1-x^2)", "log1p(-x ^ 2)"),
    ("x*tanh(log(1+exp(x)))", "x * tanh(softplus(x))"),
    ("t = exp(x); x*tanh(log(1+t))", "x * tanh(softplus(x))"),
    ("(exp(x)-exp(-x))/(exp(x)+exp(-x))", "tanh(x)"),
    ("(exp(2x)-1)/(exp(2x)+1)", "tanh(2 * x / 2)"),
    ("(1-exp(-x))/(1+exp(-x))", "-tanh(-x / 2)"),
    ("½x(1+erf(x/√2))", "0.5 * x * erfc(-(x / sqrt(2)))"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + tanh(x)", "2 * sigmoid(2 * x)"),
    ("1 - tanh(x)", "2 * sigmoid(-2 * x)"),
    ("alpha*(exp(x)-1) if x<0 else x", "where(x < 0, alpha * expm1(x), x)"),
];

#[test]
fn recognises_what_people_write() {
    for (text, expected) in RECOGNISED {
        assert_eq!(stabilised(text).as_deref(), Some(*expected), "{text}");
        assert_eq!(stabilised(expected), None, "{expected} is settled");
    }
}

#[test]
fn leaves_the_rest_alone() {
    for text in ["x * sigmoid(x)", "log(2 + exp(x))", "1/(2+exp(-x))", "exp(x) - 2", "x + 1", "e"] {
        assert_eq!(stabilised(text), None, "{text}");
    }
}

/// Where the written form is accurate both agree; where it is not, only the new one is finite.
#[test]
fn values_agree_where_the_written_form_is_good() {
    let written = RECOGNISED.iter().map(|(text, _)| *text);
    for text in written.chain(CATALOGUE.iter().map(|(_, text, _)| *text)) {
        let before = Expression::parse(text).unwrap();
        let Some(after) = before.stabilise() else { continue };
        assert_eq!(after.parameters(), before.parameters());
        for x in (-40..=40).map(|i| f64::from(i) / 10.0 + 0.0137) {
            let (old, new) = (before.evaluate(x, &[]), after.evaluate(x, &[]));
            let near = (old - new).abs() <= 1e-12 * old.abs().max(1e-2);
            assert!(near || old.is_nan() && new.is_nan(), "{text} at {x}: {old} became {new}");
        }
    }
}

#[test]
fn values_are_better_in_the_tails() {
    let at = |text: &str, x: f64| {
        let written = Expression::parse(text).unwrap();
        (written.evaluate(x, &[]), written.stabilise().unwrap().evaluate(x, &[]))
    };
    assert_eq!(at("log(1+exp(x))", 1000.0), (f64::INFINITY, 1000.0));
    assert_eq!(at("log(1+exp(x))", -50.0), (0.0, (-50_f64).exp()));
    assert!(at("exp(x)/(1+exp(x))", 1000.0).0.is_nan());
    assert_eq!(at("exp(x)/(1+exp(x))", 1000.0).1, 1.0);
    assert_eq!(at("log(1/(1+exp(-x)))", -1000.0), (f64::NEG_INFINITY, -1000.0));
    let (gelu, better) = at("½x(1+erf(x/√2))", -10.0);
    assert_eq!(gelu, 0.0);
    // x/2 · erfc(10/√2), to the digits that double precision of the argument leaves.
    assert!((better / -7.619_853_024_160_527e-23 - 1.0).abs() < 1e-12, "{better:e}");
}
