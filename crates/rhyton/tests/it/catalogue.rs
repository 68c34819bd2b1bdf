//! What the catalogue of activations says of itself, against what is computed.

use rhyton::activations::{
    ACTIVATIONS, BuiltIn, BuiltInParameter, Definition, Parameter, trainable,
};
use rhyton::{Activation, Array};
use rhyton_expression::Expression;

/// Parameters beside the defaults at which accuracy is looked at too.
const CASES: &[&str] = &[
    "acon_c(p1=1.5, p2=0.25, beta=2)",
    "aria2(alpha=0.5, beta=1)",
    "celu(alpha=0.7)",
    "dynamic_tanh(alpha=1, gamma=2, beta=0.25)",
    "gelu(approximate=1)",
    "isrlu(alpha=3)",
    "isru(alpha=3)",
    "pelu(a=0.5, b=1.5)",
    "relu(negative_slope=0.25)",
    "relu(negative_slope=0.1, max_value=3, threshold=-0.5)",
    "sine(omega=1)",
    "smu(alpha=0.1, mu=2)",
    "snake(a=2)",
    "soft_cap(cap=5)",
    "softplus(beta=2)",
    "squareplus(b=0.5)",
    "swish(beta=1.5)",
    "xielu(alpha_p=2, alpha_n=0.5, beta=0.25)",
];

/// Every exponent of both signs, and −30 to 30 densely.
fn sample() -> Array {
    let mut state = 1_u32;
    let mut points = Vec::new();
    for high in 0..512_u32 {
        for _ in 0..16 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            points.push(f32::from_bits(high << 23 | state >> 9));
        }
    }
    points.retain(|point| point.is_finite());
    points.extend((-6000_i16..=6000).map(|place| f32::from(place) * 0.005));
    Array::from_slice(&[points.len()], &points).unwrap()
}

/// The built-in's formula for these values of its parameters, as an expression of no name, which is
/// computed in float32 all through.
fn fast(builtin: &BuiltIn, activation: &Activation) -> Activation {
    let parameters = activation.parameters().unwrap();
    let holds = |(name, value): &(&str, f64)| {
        parameters.iter().any(|(known, given)| known == name && given.value() == *value)
    };
    let special = builtin.special_cases.iter().find(|(values, _)| values.iter().all(holds));
    let mut text = String::new();
    for (name, value) in parameters {
        text.push_str(&format!("{name} = {value}; "));
    }
    text.push_str(special.map_or(builtin.text(), |(_, text)| text));
    Activation::from(Definition::expression("", Expression::parse(&text).unwrap()))
}

/// How many ULP of float32 the numbers are apart at most, and where; `least` is the magnitude from
/// which on errors are relative.
fn worst(x: &Array, found: &Array, exact: &Array, least: f32) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    let values = found.view::<f32>().iter().zip(exact.view::<f32>());
    for ((&found, &exact), &x) in values.zip(x.view::<f32>()) {
        let error = match found == exact || (found.is_nan() && exact.is_nan()) {
            true => 0.0,
            false if !found.is_finite() || !exact.is_finite() => f64::INFINITY,
            false => {
                let unit = f64::from(exact.abs().max(least).next_up() - exact.abs().max(least));
                (f64::from(found) - f64::from(exact)).abs() / unit
            }
        };
        if error > worst.0 {
            worst = (error, x);
        }
    }
    worst
}

/// Float32 all through is 4 ULP near wherever the catalogue does not ask for float64.
#[test]
fn what_is_wide_has_to_be() {
    let x = sample();
    let mut needed = std::collections::BTreeMap::new();
    let names = ACTIVATIONS.iter().map(|builtin| builtin.name).chain(CASES.iter().copied());
    for text in names {
        let builtin = BuiltIn::find(text.split('(').next().unwrap()).unwrap();
        if builtin.kind() == "axis" {
            continue;
        }
        let activation = Activation::parse(text).unwrap();
        let [value, slope] = fast(builtin, &activation).evaluate(&x).unwrap();
        let [exact_value, exact_slope] = activation.exact().unwrap().evaluate(&x).unwrap();
        let (value, at) = worst(&x, &value, &exact_value, 0.0);
        let (slope, slope_at) = worst(&x, &slope, &exact_slope, 2.0_f32.powi(-24));
        println!("{text}: {value:.1} at {at:e}, slope {slope:.1} at {slope_at:e}");
        *needed.entry(builtin.name).or_insert(false) |= value > 4.0 || slope > 4.0;
    }

    let differs = |(name, needed): &(&str, bool)| BuiltIn::find(name).unwrap().wide != *needed;
    let wrong: Vec<(&str, bool)> = needed.into_iter().filter(differs).collect();
    assert!(wrong.is_empty(), "name, and whether it has to be wide: {wrong:?}");
}

#[test]
fn limits_are_what_is_computed() {
    let ends = [f32::NEG_INFINITY, f32::INFINITY, f32::NAN];
    let x = Array::from_slice(&[3], &ends).unwrap();
    let mut wrong = Vec::new();
    for builtin in ACTIVATIONS {
        assert_eq!(builtin.limits.is_some(), builtin.kind() != "axis", "{}", builtin.name);
        let Some(limits) = builtin.limits else { continue };
        let [values, _] = Activation::parse(builtin.name).unwrap().evaluate(&x).unwrap();
        let stated = [limits.at_minus_infinity, limits.at_infinity, limits.at_nan];
        for ((x, found), stated) in ends.iter().zip(values.view::<f32>()).zip(stated) {
            let stated = stated as f32;
            if !(*found == stated || (found.is_nan() && stated.is_nan())) {
                wrong.push(format!("{} at {x}: {found}, stated {stated}", builtin.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn minima_are_the_least_values() {
    let grid: Vec<f64> = (-4000_i16..=4000).map(|place| f64::from(place) * 0.005).collect();
    let grid = Array::from_slice(&[grid.len()], &grid).unwrap();
    let mut seen = 0;
    for builtin in ACTIVATIONS {
        let Some((place, least)) = builtin.minimum else { continue };
        let activation = Activation::parse(builtin.name).unwrap();
        let at = Array::from_slice(&[1], &[place]).unwrap();
        let found = activation.evaluate(&at).unwrap()[0].view::<f64>()[0];
        assert!((found - least).abs() < 1e-12, "{}: {found}, stated {least}", builtin.name);
        for &value in activation.evaluate(&grid).unwrap()[0].view::<f64>() {
            assert!(value >= least - 1e-12, "{}: {value} is less than {least}", builtin.name);
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn there_are_at_least_eighty_of_three_kinds() {
    let count = |kind: &str| ACTIVATIONS.iter().filter(|builtin| builtin.kind() == kind).count();
    let counts = ["elementwise", "channel", "axis"].map(count);
    assert!(counts.iter().sum::<usize>() >= 80, "{counts:?}");
    assert!(counts.iter().all(|&count| count >= 14), "{counts:?}");
}

#[test]
fn defaults_lie_in_their_ranges() {
    for builtin in ACTIVATIONS {
        for BuiltInParameter { name, default, range, .. } in builtin.parameters {
            assert!(range.contains(*default), "{} {name}: {default} is not {range}", builtin.name);
        }
    }
}

#[test]
fn ranges_are_kept() {
    let refused = |text: &str| Activation::parse(text).unwrap_err().to_string();
    let texts = [
        "snake(a=0)",
        "celu(alpha=trainable(-1))",
        "relu(max_value=-1)",
        "top_k(k=1.5)",
        "top_k(k=trainable(2))",
        "maxout(pieces=0)",
    ];
    insta::assert_snapshot!(texts.map(refused).join("\n"), @r"
    snake: a expected a number other than 0, received 0.0
    celu: alpha expected a number > 0, received trainable(-1.0)
    relu: max_value expected a number from 0 to inf, received -1.0
    top_k: k expected a whole number >= 1, received 1.5
    top_k: k expected a whole number >= 1, received trainable(2.0)
    maxout: pieces expected a whole number >= 1, received 0.0
    ");
    let parameter = |text: &str| Activation::parse(text).unwrap().parameters().unwrap()[0].1;
    assert_eq!(parameter("celu(alpha=trainable(2))"), Parameter::from(trainable(2.0).min(1e-6)));
    let bounded = Parameter::from(trainable(2.0).min(1.0).max(3.0));
    assert_eq!(parameter("celu(alpha=trainable(2, min=1, max=3))"), bounded);
    assert_eq!(parameter("swish(beta=trainable(2))"), Parameter::from(trainable(2.0)));
}
