//! Parameters of activations: recovered by training, kept in their bounds, saved; functions over an
//! axis and stated derivatives through files.

use rhyton::initializers::{Initializer, RandomNormal};
use rhyton::{
    Activation, ActivationLayer, Adam, Array, Compile, Dense, Fit, LoadOptions, Model, Predict,
    SGD, Sequential, Verbose, custom_objects, trainable,
};

const FEATURES: usize = 6;
const HIDDEN: usize = 8;

/// Standard normal numbers that depend on the seed only.
fn normal(shape: &[usize], seed: u64) -> Array {
    RandomNormal::default().stddev(1.0).array(shape, [seed as u32, 0]).unwrap()
}

fn network(activation: impl Into<Activation>) -> Model {
    Sequential::new()
        .input(&[FEATURES])
        .add(Dense::new(HIDDEN))
        .add(ActivationLayer::new(activation).name("bent"))
        .add(Dense::new(3))
        .build()
        .unwrap()
}

/// A student with the teacher's first layer learns the teacher's slopes; what it has for beta.
fn learned(student: Activation, teacher: &Model) -> Vec<f32> {
    let x = normal(&[2048, FEATURES], 7);
    let y = teacher.predict(&x, Predict::new()).unwrap().remove(0);
    let mut student = network(student);
    for path in ["dense/kernel", "dense/bias"] {
        student.set_weight(path, &teacher.weight(path).unwrap()).unwrap();
    }
    student.set_trainable("dense", false).unwrap();
    student.compile(Compile::new().optimizer(Adam::new(0.02)).loss("mse")).unwrap();
    let fit = Fit::new().epochs(60).batch_size(64).seed(1).verbose(Verbose::Silent);
    student.fit(&x, &y, fit).unwrap();
    assert_eq!(student.weight("dense/kernel").unwrap(), teacher.weight("dense/kernel").unwrap());
    student.weight("bent/activation/beta").unwrap().view::<f32>().to_vec()
}

#[test]
fn a_student_finds_the_teachers_beta() {
    let teacher = network("swish(beta=2.3)");
    let beta = learned("swish(beta=trainable(1.0))".into(), &teacher);
    assert!((beta[0] / 2.3 - 1.0).abs() < 0.02, "{beta:?}");
}

#[test]
fn a_student_finds_a_beta_for_each_channel() {
    let betas: [f32; HIDDEN] = [0.4, 0.7, 1.0, 1.3, 1.6, 2.0, 2.3, 2.8];
    let per_channel = || Activation::from("swish").with("beta", trainable(1.0).axis(-1)).unwrap();
    let teacher = network(per_channel());
    let shape = [HIDDEN];
    teacher
        .set_weight("bent/activation/beta", &Array::from_slice(&shape, &betas).unwrap())
        .unwrap();
    let found = learned(per_channel(), &teacher);
    for (found, beta) in found.iter().zip(betas) {
        assert!((found / beta - 1.0).abs() < 0.02, "{found} for {beta}");
    }
}

/// swish with beta is swish with beta 1 between a kernel `beta` times as large and one as much
/// smaller: with free weights nothing tells beta.
#[test]
fn beta_is_a_scale_of_the_weights() {
    let (steep, plain) = (network("swish(beta=2.0)"), network("swish"));
    let scaled = |path: &str, factor: f32| {
        let values = steep.weight(path).unwrap();
        let scaled: Vec<f32> = values.view::<f32>().iter().map(|value| value * factor).collect();
        plain.set_weight(path, &Array::from_slice(values.shape(), &scaled).unwrap()).unwrap();
    };
    for (path, factor) in
        [("dense/kernel", 2.0), ("dense/bias", 2.0), ("dense_1/kernel", 0.5), ("dense_1/bias", 1.0)]
    {
        scaled(path, factor);
    }
    let x = normal(&[32, FEATURES], 3);
    let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap().remove(0);
    for (a, b) in predict(&steep).view::<f32>().iter().zip(predict(&plain).view::<f32>()) {
        assert!((a - b).abs() <= 1e-6 * a.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn bounds_hold_after_every_step_and_in_files() {
    let x = normal(&[64, FEATURES], 2);
    let y = normal(&[64, 3], 3);
    let mut model = network("swish(beta=trainable(1.0, axis=-1, min=0.98, max=1.005))");
    model.compile(Compile::new().optimizer(SGD::new(0.5)).loss("mse")).unwrap();
    let train = |model: &mut Model| {
        model.fit(&x, &y, Fit::new().epochs(3).verbose(Verbose::Silent)).unwrap();
        let beta = model.weight("bent/activation/beta").unwrap();
        let beta = beta.view::<f32>().to_vec();
        assert!(beta.iter().all(|beta| (0.98..=1.005).contains(beta)), "{beta:?}");
        assert!(beta.iter().any(|beta| [0.98, 1.005].contains(beta)), "{beta:?}");
    };
    train(&mut model);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let mut again = Model::load(&path).unwrap();
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
    train(&mut again);
}

#[test]
fn lines_and_stated_derivatives_live_in_files() {
    let x = normal(&[16, FEATURES], 5);
    let own = custom_objects();
    own.activation_from("stepped", "sign(x) derivative \"abs(x) <= 1\"").unwrap();
    own.activation_from("quiet", "e ^ x / (1 + sum(e ^ x))").unwrap();
    for (name, language) in [
        ("stepped", 2),
        ("quiet", 2),
        ("sparsemax(2x)", 2),
        ("3 * stepped(x / 2) + x", 2),
        ("quiet(axis=1)", 2),
        ("x * sigmoid(1.5 * x)", 1),
    ] {
        let mut model = network(name);
        model.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse")).unwrap();
        let before = model.weight("dense/kernel").unwrap();
        let y = normal(&[16, 3], 6);
        model.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
        assert_ne!(model.weight("dense/kernel").unwrap(), before, "{name} learns");
        let file = model.to_file().unwrap();
        assert_eq!(file.rhyton.as_ref().unwrap()["language"], language, "{name}");
        let registry = rhyton::Registry::new();
        let again = rhyton::custom_object_scope(&registry, || {
            Model::from_file(&file, &LoadOptions::default()).unwrap()
        });
        let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap().remove(0);
        assert_eq!(predict(&again), predict(&model), "{name}");
    }
    own.remove("stepped");
    own.remove("quiet");
}

#[test]
fn an_axis_is_a_whole_number() {
    for (text, message) in [
        ("quiet_axis(axis=0.5)", "whole number"),
        ("quiet_axis(axis=trainable(1))", "whole number"),
    ] {
        custom_objects().replace("quiet_axis", "x / (1 + sum(x * x))").unwrap();
        let error = Activation::parse(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// In float64 and rounded once, an argument that is rounded before exp costs nothing.
#[test]
fn exact_is_within_one_ulp() {
    let points: Vec<f32> = (-900..900).map(|step| step as f32 * 0.1).collect();
    let x = Array::from_slice(&[points.len()], &points).unwrap();
    let text = "x * sigmoid(1.702 * x)";
    let truth = |x: f64| x / (1.0 + (-1.702 * x).exp());
    let fast = Activation::from(text);
    let exact = fast.clone().exact().unwrap();
    let worst = |activation: &Activation| {
        let [y, _] = activation.evaluate(&x).unwrap();
        let errors = y.view::<f32>().iter().zip(&points);
        errors
            .map(|(&y, &x)| rhyton_testing::ulp_error_f32(y, truth(f64::from(x))))
            .fold(0.0, f64::max)
    };
    assert!(worst(&fast) > 4.0);
    assert!(worst(&exact) <= 0.51);
}

/// Along axis 1 of [2, 3, 2] a line has three elements, along the last one two.
#[test]
fn the_axis_is_the_one_that_is_named() {
    let x = normal(&[2, 3, 2], 9);
    for (axis, stride, length) in [(1, 2, 3), (-1, 1, 2)] {
        let activation = Activation::parse(&format!("sparsemax(axis={axis})")).unwrap();
        let y = rhyton::eval(|x| vec![activation.apply(&x[0]).unwrap()], &[&x]).unwrap().remove(0);
        let y = y.view::<f32>();
        let starts = (0..12).filter(|place| place / stride % length == 0);
        for start in starts {
            let sum: f32 = (0..length).map(|step| y[start + step * stride]).sum();
            assert!((sum - 1.0).abs() < 1e-6, "axis {axis}: a line sums to {sum}");
        }
    }
}
