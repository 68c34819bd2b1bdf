//! Derivatives against finite differences, at kinks and at infinity.

use crate::catalogue::CATALOGUE;
use rhyton_expression::{Error, Expression, Function, Variable};

/// Central differences with one Richardson step: error O(h⁴) and rounding of about 1e-12.
fn finite_difference(f: impl Fn(f64) -> f64, at: f64) -> f64 {
    let h = 1e-3;
    let slope = |h: f64| (f(at + h) - f(at - h)) / (2.0 * h);
    (4.0 * slope(h / 2.0) - slope(h)) / 3.0
}

fn assert_near(expected: f64, received: f64, what: &str) {
    let error = (expected - received).abs() / expected.abs().max(1.0);
    assert!(error < 1e-8, "{what}: finite differences {expected}, symbolic {received}");
}

fn points() -> impl Iterator<Item = f64> {
    (-48..=48).map(|i| f64::from(i) / 8.0 + 0.0137)
}

#[test]
fn catalogue_agrees_with_finite_differences() {
    for (name, text, kinks) in CATALOGUE {
        let f = Expression::parse(text).unwrap_or_else(|e| panic!("{name}: {}", e.render()));
        let slope = f.derivative(Variable::Input).unwrap();
        let defaults = f.parameter_values(&[]).unwrap();
        for x in points().filter(|x| kinks.iter().all(|kink| (x - kink).abs() > 2e-3)) {
            let expected = finite_difference(|x| f.evaluate(x, &defaults), x);
            assert_near(expected, slope.evaluate(x, &defaults), &format!("{name} at {x}"));
        }
        for (index, parameter) in f.parameters().iter().enumerate() {
            let slope = f.derivative(Variable::Parameter(&parameter.name)).unwrap();
            for x in points().filter(|x| kinks.iter().all(|kink| (x - kink).abs() > 2e-3)) {
                let moved = |value: f64| {
                    let mut values = defaults.clone();
                    values[index] = value;
                    f.evaluate(x, &values)
                };
                let expected = finite_difference(moved, parameter.default);
                let what = format!("{name} by {} at {x}", parameter.name);
                assert_near(expected, slope.evaluate(x, &defaults), &what);
            }
        }
    }
}

#[test]
fn every_function_agrees_with_finite_differences() {
    for function in Function::all() {
        let f = Expression::parse(&format!("{}(x)", function.name())).unwrap();
        let slope = f.derivative(Variable::Input).unwrap();
        // Inside every domain (asin, log) and off every step.
        for x in [0.13, 0.37, 0.61, 0.83, -0.29, -0.71] {
            if !f.evaluate(x - 0.01, &[]).is_nan() {
                let expected = finite_difference(|x| f.evaluate(x, &[]), x);
                assert_near(
                    expected,
                    slope.evaluate(x, &[]),
                    &format!("{} at {x}", function.name()),
                );
            }
        }
    }
}

#[test]
fn second_derivatives_follow() {
    let f = Expression::parse("x * sigmoid(beta * x)").unwrap();
    let first = f.derivative(Variable::Input).unwrap();
    let second = first.derivative(Variable::Input).unwrap();
    for x in points() {
        let expected = finite_difference(|x| first.evaluate(x, &[]), x);
        assert_near(expected, second.evaluate(x, &[]), &format!("second at {x}"));
    }
}

fn slope_at(text: &str, x: f64) -> f64 {
    let f = Expression::parse(text).expect("the table's texts are well-formed");
    f.derivative(Variable::Input).expect("small").evaluate(x, &[])
}

#[test]
fn kinks_have_the_documented_subgradient() {
    for (text, x, expected) in [
        ("relu(x)", 0.0, 0.0),
        ("max(x, 0)", 0.0, 0.0),
        ("max(0, x)", 0.0, 0.0),
        ("min(max(x, 0), 6)", 6.0, 0.0),
        ("min(6, max(0, x))", 6.0, 0.0),
        ("abs(x)", 0.0, 0.0),
        ("max(0.1x, x)", 0.0, 1.0),
        ("max(x, 0.1x)", 0.0, 0.1),
        ("where(x > 0, x, 0.1x)", 0.0, 0.1),
        ("sign(x)", 0.0, 0.0),
        ("round(x) + floor(x) + ceil(x)", 0.5, 0.0),
        ("x²", 0.0, 0.0),
    ] {
        assert_eq!(slope_at(text, x), expected, "{text} at {x}");
    }
}

#[test]
fn branches_not_taken_never_make_nan() {
    for (text, x, expected) in [
        ("𝛼(exp(x) - 1) if x < 0 else x", 1e6, 1.0),
        ("where(x > 0, log(x), 0)", -1.0, 0.0),
        ("where(x > 0, sqrt(x), x)", 0.0, 1.0),
        ("relu(-exp(x))", 1e6, 0.0),
        ("max(-exp(x), 0)", 1e6, 0.0),
        ("where(x < 30, softplus(x), x)", f64::INFINITY, 1.0),
    ] {
        assert_eq!(slope_at(text, x), expected, "{text} at {x}");
    }
}

#[test]
fn derivatives_are_readable() {
    let derived = |text: &str, variable| {
        Expression::parse(text).unwrap().derivative(variable).unwrap().to_string()
    };
    let (x, beta) = (Variable::Input, Variable::Parameter("beta"));
    insta::assert_snapshot!(derived("max(0.1x, x)", x), @"where(0.1 * x > x, 0.1, 1)");
    insta::assert_snapshot!(derived("x²", x), @"2 * x");
    insta::assert_snapshot!(
        derived("𝛼(exp(x) - 1) if x < 0 else x", x),
        @"where(x < 0, alpha * exp(x), 1)"
    );
    insta::assert_snapshot!(
        derived("x * sigmoid(beta * x)", beta),
        @"x * (sigmoid(beta * x) * sigmoid(-(beta * x)) * x)"
    );
}

#[test]
fn unknown_parameters_are_named() {
    let f = Expression::parse("x * sigmoid(beta * x)").unwrap();
    let error = f.derivative(Variable::Parameter("bata")).unwrap_err();
    assert!(matches!(error, Error::UnknownParameter { .. }));
    assert_eq!(
        error.to_string(),
        "the expression has no parameter `bata`; it has `beta`; did you mean `beta`?"
    );
    assert!(f.with_default("beta", f64::NAN).is_err());
    assert_eq!(f.with_default("beta", 2.0).unwrap().parameters()[0].default, 2.0);
}

#[test]
fn a_branch_that_is_flat_stays_flat_under_what_is_steep_there() {
    for text in [
        "sqrt(max(x, 0))",
        "sqrt(relu(x))",
        "relu(x) ^ 0.5",
        "sqrt(2 * relu(x))",
        "sqrt(-min(-x, 0))",
        "log(1 + rsqrt(where(x > 0, where(x > 9, 3, x), 0)))",
        "x * rsqrt(where(x > 0, x, 0))",
    ] {
        let f = Expression::parse(text).unwrap();
        let slope = f.derivative(Variable::Input).unwrap();
        let flat = slope.evaluate(-2.0, &[]);
        assert!(flat == 0.0 || text.starts_with("x *") && flat.is_infinite(), "{text}: {flat}");
        assert_near(finite_difference(|x| f.evaluate(x, &[]), 1.5), slope.evaluate(1.5, &[]), text);
    }
    // The derivative of a long chain grows with its length, not its square.
    let links: Vec<String> = (1..150).map(|i| format!("t{i} = relu(t{})", i - 1)).collect();
    let chain =
        Expression::parse(&format!("t0 = sqrt(relu(x)); {}; t149 * x", links.join("; "))).unwrap();
    assert!(chain.derivative(Variable::Input).unwrap().nodes().len() < 2_000);
}

#[test]
fn stated_derivatives_win_and_chain() {
    let stated = "sign(x) derivative \"abs(x) <= 1\"";
    assert_eq!(slope_at(stated, 0.5), 1.0);
    assert_eq!(slope_at(stated, 1.5), 0.0);
    // By the chain rule through a product, and by a parameter inside and beside the input.
    assert_eq!(slope_at("3 * with_derivative(sign(2x), 2x, abs(x) <= 1)", 0.5), 6.0);
    let f = Expression::parse("with_derivative(a * sign(a * x), a * x, 5)").unwrap();
    let by = |variable| f.derivative(variable).unwrap().evaluate(0.5, &[2.0]);
    assert_eq!(by(Variable::Input), 10.0);
    assert_eq!(by(Variable::Parameter("a")), 5.0 * 0.5 + 1.0);
    let by_x = f.derivative(Variable::Input).unwrap();
    assert_eq!(by_x.derivative(Variable::Input).unwrap().evaluate(0.5, &[2.0]), 0.0);
}

#[test]
fn a_line_has_no_derivative_of_one_element() {
    let f = Expression::parse("x / sum(x)").unwrap();
    assert_eq!(f.derivative(Variable::Input), Err(Error::OverAxis));
    assert_eq!(f.evaluate_line(&[1.0, 3.0], &[]), [0.25, 0.75]);
}
