//! Every activation against the values in `goldens/activations.npz`: definitions at 250 digits or in
//! NumPy's float64, and Keras in float64 for what it has; on the interpreter and on native.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rhyton::activations::{ACTIVATIONS, BuiltIn};
use rhyton::ops::{Spec, Tracer, gradients, sum};
use rhyton::{Activation, Array};
use rhyton_graph::{Backend, InterpreterBackend, RunOptions};
use rhyton_native::NativeBackend;

/// At most so many ULP of float32, for one element.
const ULP_MAX: f64 = 4.0;
/// Slopes below this are off by so many ULP of it.
const SLOPE_LEAST: f32 = 1.0 / (1 << 24) as f32;
/// Over an axis, at most this apart, relative to the larger of 1 and the value.
const OVER_AXIS_MAX: f32 = 1e-6;

/// Where Keras, in float64, is not what its formulas say, or Rhyton means to differ.
const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "celu",
        key: "dy",
        at: |x| x == 0.0,
        reason: "Keras adds the slopes of both sides and has 2",
    },
    Deviation {
        name: "elu",
        key: "y",
        at: |x| x < 0.0 && x > -1e-10,
        reason: "TensorFlow computes exp(x) − 1",
    },
    Deviation {
        name: "elu",
        key: "dy",
        at: |x| x == 0.0,
        reason: "TensorFlow takes the left side's slope",
    },
    Deviation {
        name: "gelu",
        key: "y",
        at: |x| x < 0.0,
        reason: "TensorFlow rounds √2 to float32, and 1 + erf and 1 + tanh cancel",
    },
    Deviation {
        name: "gelu",
        key: "dy",
        at: |x| (-15.0..0.0).contains(&x),
        reason: "as for the value",
    },
    Deviation {
        name: "hard_silu",
        key: "dy",
        at: f32::is_infinite,
        reason: "Keras multiplies ∞ by the slope 0 of the clipped part",
    },
    Deviation {
        name: "hard_tanh",
        key: "dy",
        at: |x| x.abs() == 1.0,
        reason: "a corner: TensorFlow takes the slope of the other side",
    },
    Deviation {
        name: "relu",
        key: "dy",
        at: |x| [0.5, 2.0, 3.0].contains(&x),
        reason: "a corner: TensorFlow takes the slope of the other side",
    },
    Deviation {
        name: "selu",
        key: "y",
        at: |x| x < 0.0 && x > -1e-10,
        reason: "TensorFlow computes exp(x) − 1",
    },
    Deviation {
        name: "selu",
        key: "dy",
        at: |x| x <= 0.0 && x > -1e-10,
        reason: "TensorFlow takes the slope by the value, which is 0 there",
    },
    Deviation {
        name: "sparse_plus",
        key: "dy",
        at: f32::is_infinite,
        reason: "Keras has 0 · ∞ from the branch that is not taken",
    },
    Deviation {
        name: "squareplus",
        key: "y",
        at: |x| x < -1e4,
        reason: "Keras' x + √(x² + b) cancels, and is NaN at −∞",
    },
    Deviation {
        name: "tanh_shrink",
        key: "y",
        at: |x| x.abs() < 1e-4,
        reason: "Keras' x − tanh(x) cancels",
    },
];

struct Deviation {
    name: &'static str,
    key: &'static str,
    at: fn(f32) -> bool,
    reason: &'static str,
}

fn goldens() -> BTreeMap<String, Array> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/activations.npz");
    rhyton_data::npz::read(&path).unwrap().into_iter().collect()
}

/// Value and gradient, in the precision that the catalogue asks for.
fn computed(
    backend: &dyn Backend,
    activation: &Activation,
    x: &Array,
    weights: &BTreeMap<String, Array>,
) -> [Array; 2] {
    let tracer = Tracer::new(Arc::new([]));
    let input = tracer.input("x", Spec::new(x.dtype(), x.shape()));
    let y = activation.apply(&input).unwrap();
    let sizes: Vec<String> =
        y.shape().iter().map(|dim| dim.fixed_size().unwrap().to_string()).collect();
    let total = match weights.get(&format!("weights{}", sizes.join("x"))) {
        Some(weights) => &y * tracer.constant(weights.clone()),
        None => y.clone(),
    };
    let slope = gradients(&sum(&total, None, false), &[&input]).unwrap().remove(0);
    tracer.output("y", &y).unwrap();
    tracer.output("dy", &slope).unwrap();
    let graph = tracer.finish();
    let session = backend.session(None, Arc::clone(&graph.variables)).unwrap();
    let mut results = Vec::new();
    let options = RunOptions { threads: 1, cancel: None };
    session.compile(&graph).unwrap().run(&[x], &mut results, &options).unwrap();
    let slope = results.remove(1);
    [results.remove(0), slope]
}

/// The distance in ULP of the larger of `least` and what is expected.
fn ulps(found: f32, expected: f32, least: f32) -> f64 {
    if found == expected || (found.is_nan() && expected.is_nan()) {
        return 0.0;
    }
    if !found.is_finite() || !expected.is_finite() {
        return f64::INFINITY;
    }
    let size = expected.abs().max(least);
    (f64::from(found) - f64::from(expected)).abs() / f64::from(size - size.next_down())
}

fn parsed(text: &str) -> (&'static BuiltIn, Activation) {
    let builtin = BuiltIn::find(text.split('(').next().unwrap()).unwrap();
    let activation = Activation::parse(text).unwrap();
    (builtin, if builtin.wide { activation.exact().unwrap() } else { activation })
}

#[test]
fn activations_of_one_element_are_those_of_the_oracles() {
    let goldens = goldens();
    let x = &goldens["x"];
    let mut used = vec![false; DEVIATIONS.len()];
    let (mut wrong, mut worst) = (Vec::new(), BTreeMap::new());
    let backends: [&dyn Backend; 2] = [&InterpreterBackend, &NativeBackend];
    for key in goldens.keys().filter(|key| key.ends_with("|y")) {
        let [oracle, text, _] = key.split('|').collect::<Vec<_>>()[..] else { unreachable!() };
        let (builtin, activation) = parsed(text);
        if builtin.kind() == "axis" {
            continue;
        }
        for (backend, part) in backends.iter().flat_map(|b| ["y", "dy"].map(|part| (b, part))) {
            let [y, slope] = computed(*backend, &activation, x, &BTreeMap::new());
            let (found, least) = if part == "y" { (y, 0.0) } else { (slope, SLOPE_LEAST) };
            let expected = &goldens[&format!("{oracle}|{text}|{part}")];
            let pairs = found.view::<f32>().iter().zip(expected.view::<f32>());
            for ((&found, &expected), &x) in pairs.zip(x.view::<f32>()) {
                // Which side of a condition NaN takes is nobody's promise for slopes, and the
                // formulas are of finite numbers.
                let skipped =
                    (x.is_nan() && part == "dy") || (oracle == "formula" && !x.is_finite());
                let error = if skipped { 0.0 } else { ulps(found, expected, least) };
                let fits = |d: &Deviation| {
                    oracle == "keras" && d.name == builtin.name && d.key == part && (d.at)(x)
                };
                if let (true, Some(place)) = (error > ULP_MAX, DEVIATIONS.iter().position(fits)) {
                    used[place] = true;
                } else if error > ULP_MAX {
                    let what = format!("{key} {part} at {x:e}: {found:e}, not {expected:e}");
                    wrong.push(format!("{what} ({error:.1} ULP, {})", backend.name()));
                } else {
                    let worst = worst.entry((oracle, part)).or_insert(0.0);
                    *worst = error.max(*worst);
                }
            }
        }
    }
    println!("{worst:?}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    for (deviation, used) in DEVIATIONS.iter().zip(used) {
        assert!(used, "{} no longer deviates: {}", deviation.name, deviation.reason);
    }
}

#[test]
fn activations_over_an_axis_are_those_of_the_oracles() {
    let goldens = goldens();
    let (mut wrong, mut worst) = (Vec::new(), 0.0_f32);
    let backends: [&dyn Backend; 2] = [&InterpreterBackend, &NativeBackend];
    for key in goldens.keys().filter(|key| key.ends_with("|y")) {
        let [oracle, text, _] = key.split('|').collect::<Vec<_>>()[..] else { unreachable!() };
        let (builtin, activation) = parsed(text);
        if builtin.kind() != "axis" {
            continue;
        }
        let x = &goldens[if builtin.name == "group_sort" { "distinct" } else { "ties" }];
        for (backend, part) in backends.iter().flat_map(|b| [0, 1].map(|part| (b, part))) {
            let found = computed(*backend, &activation, x, &goldens)[part].clone();
            let part = ["y", "dy"][part];
            let expected = &goldens[&format!("{oracle}|{text}|{part}")];
            assert_eq!(found.shape(), expected.shape(), "{key}");
            let pairs = found.view::<f32>().iter().zip(expected.view::<f32>());
            for (place, (&found, &expected)) in pairs.enumerate() {
                let error = (found - expected).abs() / expected.abs().max(1.0);
                if error <= OVER_AXIS_MAX || found == expected {
                    worst = worst.max(if found == expected { 0.0 } else { error });
                } else {
                    let what = format!("{key} {part}[{place}]: {found:e}, not {expected:e}");
                    wrong.push(format!("{what} ({})", backend.name()));
                }
            }
        }
    }
    println!("{worst:e}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_oracles_know_every_activation() {
    let goldens = goldens();
    for builtin in ACTIVATIONS {
        let key = format!("formula|{}|y", builtin.name);
        assert!(goldens.contains_key(&key), "`cargo xtask golden activations` adds {key}");
    }
    let keras = goldens.keys().filter(|key| key.starts_with("keras|") && !key.contains('('));
    assert_eq!(keras.count(), 2 * 29, "all of Keras' 30 but sparsemax, which is wrong there");
}

/// An expression in place is computed in its stable form, as a registered one is.
#[test]
fn an_expression_in_place_is_stable() {
    let points = Array::from_slice(&[2], &[1000.0_f32, -1000.0]).unwrap();
    let [values, slopes] = Activation::parse("log(1 + exp(x))").unwrap().evaluate(&points).unwrap();
    assert_eq!(values.view::<f32>(), [1000.0, 0.0]);
    assert_eq!(slopes.view::<f32>(), [1.0, 0.0]);
}
