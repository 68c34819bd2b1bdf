//! Any text: parsed or refused with a position, never a panic; and printing is parsing's inverse.

use crate::catalogue::CATALOGUE;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rhyton_expression::{Expression, Function, Variable};

/// Random well-formed text with every operator, every function and redundant parentheses.
fn text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("beta".to_owned()),
        Just("a".to_owned()),
        Just("pi".to_owned()),
        Just("e".to_owned()),
        (0_u32..200).prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("literals are finite", |v| v.is_finite())
            .prop_map(|v| format!("{:e}", v.abs())),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operators = prop::sample::select(vec!["+", "-", "*", "/", "^", "**"]);
        let comparisons = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
        let names: Vec<&str> = Function::all().map(Function::name).collect();
        let function = prop::sample::select(names);
        let pair = prop::sample::select(vec!["max", "min", "pow"]);
        let condition = (inner.clone(), comparisons, inner.clone())
            .prop_map(|(a, op, b)| format!("({a}) {op} ({b})"));
        let both =
            (condition.clone(), condition.clone(), 0..4).prop_map(|(a, b, kind)| match kind {
                0 => format!("{a} and not {b}"),
                1 => format!("not ({a} or {b})"),
                2 => format!("({a}) or {b} and {a}"),
                _ => a,
            });
        prop_oneof![
            (inner.clone(), operators, inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})*-({b}) - ({a})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("-({a})^2")),
            (function, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (pair, inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            (both.clone(), inner.clone(), inner.clone())
                .prop_map(|(c, a, b)| format!("where({c}, {a}, {b})")),
            (both, inner.clone(), inner.clone())
                .prop_map(|(c, a, b)| format!("(({a}) if {c} else ({b}))")),
            inner.prop_map(|a| format!("|({a})|")),
        ]
    })
}

fn program() -> impl Strategy<Value = String> {
    (text(), text(), text(), 0..3).prop_map(|(a, b, c, bindings)| match bindings {
        0 => c,
        1 => format!("u = {a}; {c} + u * u"),
        _ => format!("u = {a}\nv = ({b}) + u\n({c}) * v - u"),
    })
}

fn assert_round_trip(expression: &Expression) -> Result<(), TestCaseError> {
    let stored = expression.definition("f");
    let again = Expression::parse(&stored)
        .map_err(|error| TestCaseError::fail(format!("{stored}\n{}", error.render())))?;
    prop_assert_eq!(&again, expression, "{}", stored);
    prop_assert_eq!(again.definition("f"), stored);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        rng_seed: RngSeed::Fixed(20_191_709),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn printing_and_parsing_are_inverse(text in program()) {
        // Too deep or too large is refused, nothing else of this grammar.
        if let Ok(expression) = Expression::parse(&text) {
            assert_round_trip(&expression)?;
            let reparsed = Expression::parse(&expression.definition("f")).expect("just checked");
            for x in [-2.5, -0.0, 0.7, f64::INFINITY] {
                prop_assert_eq!(reparsed.evaluate(x, &[]).to_bits(), expression.evaluate(x, &[]).to_bits());
            }
        } else {
            prop_assert!(text.len() > 150, "{} was refused", text);
        }
    }

    #[test]
    fn derived_and_stabilised_print_and_parse(text in text()) {
        if let Ok(expression) = Expression::parse(&text) {
            let slope = expression.derivative(Variable::Input).expect("it is small");
            if slope.definition("f").len() < rhyton_expression::MAX_LENGTH && slope.nodes().len() < 500 {
                assert_round_trip(&slope)?;
            }
            if let Some(better) = expression.stabilise() {
                assert_round_trip(&better)?;
            }
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
        check_any(&text)?;
    }

    #[test]
    fn any_tokens_are_parsed_or_refused(
        parts in prop::collection::vec(prop::sample::select(PARTS), 0..24),
    ) {
        check_any(&parts.concat())?;
        check_any(&parts.join(" "))?;
    }

    #[test]
    fn mutated_formulas_are_parsed_or_refused(
        (which, at, remove, insert) in
            (0..CATALOGUE.len(), 0_usize..80, 0_usize..4, prop::sample::select(PARTS)),
    ) {
        let mut letters: Vec<char> = CATALOGUE[which].1.chars().collect();
        let at = at.min(letters.len());
        let end = (at + remove).min(letters.len());
        letters.splice(at..end, insert.chars());
        check_any(&letters.into_iter().collect::<String>())?;
    }
}

const PARTS: &[&str] = &[
    "x", "beta", "𝛽", "σ", "e", "pi", "inf", "nan", "exp", "max", "where", "clip", "np.", "foo",
    "(", ")", "|", ",", ";", "\n", "=", "==", "<", ":", ".", "..", "1", ".5", "1e", "1e999", "²",
    "⁻", "√", "½", "-", "+", "*", "**", "/", "^", " if ", " else ", " and ", " not ", "lambda ",
    "def ", "return ", "let ", "#", "∞", "\u{0}", "\r\n", "é", "𝕏", "f(x) = ", "[", "\\",
];

fn check_any(text: &str) -> Result<(), TestCaseError> {
    match Expression::parse(text) {
        Ok(expression) => {
            assert_round_trip(&expression)?;
            expression.evaluate(0.5, &[]);
        }
        Err(error) => {
            prop_assert!(error.position + error.length <= text.len());
            prop_assert!(text.is_char_boundary(error.position));
            prop_assert!(text.is_char_boundary(error.position + error.length));
            prop_assert!(error.render().contains('^'));
            prop_assert!(!error.to_string().contains('\n'), "{}", error);
        }
    }
    Ok(())
}

#[test]
fn stated_derivatives_and_lines_print_as_they_parse() {
    for (text, printed) in [
        ("sign(x) derivative \"abs(x) <= 1\"", "sign(x) derivative \"where(abs(x) <= 1, 1, 0)\""),
        (
            "t = tanh(x)\nreturn round(t) derivative “1 - t*t”",
            "t = tanh(x); round(t) derivative \"1 - t * t\"",
        ),
        ("2with_derivative(sign(x), x, 1)", "2 * with_derivative(sign(x), x, 1)"),
        ("exp(x) / reduce_sum(exp(x))", "exp(x) / sum(exp(x))"),
        ("beta * softmax(x / beta)", "beta * softmax(x / beta)"),
    ] {
        let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{}", e.render()));
        assert_eq!(expression.to_string(), printed);
        assert_eq!(Expression::parse(printed).unwrap(), expression, "{text}");
        assert_eq!(expression.language(), 2, "{text}");
    }
    assert_eq!(Expression::parse("x * sigmoid(x)").unwrap().language(), 1);
}

/// What came with language 2 takes no name from texts of language 1.
#[test]
fn names_of_language_2_can_be_bound() {
    let expression = Expression::parse("sum = x + 1; sum * sort").unwrap();
    assert_eq!(expression.evaluate(1.0, &[3.0]), 6.0);
    assert_eq!(expression.parameters()[0].name, "sort");
    assert_eq!(Expression::parse("f(x, mean=2) = mean(x)").unwrap().evaluate(3.0, &[]), 6.0);
    let error = Expression::parse("sum(x) + sum").unwrap_err();
    assert!(error.to_string().contains("`sum` has a meaning of its own"), "{error}");
}

#[test]
fn wrong_clauses_are_refused_where_they_are_wrong() {
    let error = |text: &str| Expression::parse(text).unwrap_err().to_string();
    assert!(error("sign(x) derivative \"1").contains("`\"` after the derivative"));
    assert!(error("sort(x, 2)").contains("takes 1 argument"));
    assert!(error("with_derivative(x, x)").contains("takes 3 arguments"));
    let nested = (0..9).fold("x".to_owned(), |inner, _| format!("with_derivative({inner}, x, 1)"));
    assert!(error(&nested).contains("more than 8 stated derivatives"));
}
