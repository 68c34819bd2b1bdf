use rhyton_tensor::Array;
use serde_json::{Value, json};

use super::*;

const KEY: Key = [11, 22];

fn draws(initializer: impl Into<AnyInitializer>, shape: &[usize]) -> Vec<f64> {
    initializer.into().array(shape, KEY).unwrap().to_f64()
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}

#[track_caller]
fn assert_moments(initializer: &str, shape: &[usize], deviation: f64) -> Vec<f64> {
    let values = draws(initializer, shape);
    let (mean, found) = moments(&values);
    let error = 5.0 / (values.len() as f64).sqrt();
    assert!(mean.abs() < error * deviation, "{initializer}: mean {mean}");
    assert!((found / deviation - 1.0).abs() < error, "{initializer}: {found} for {deviation}");
    values
}

#[test]
fn variance_is_scale_by_fan() {
    let shape = [200, 300];
    assert_moments("glorot_uniform", &shape, (2.0_f64 / 500.0).sqrt());
    assert_moments("glorot_normal", &shape, (2.0_f64 / 500.0).sqrt());
    assert_moments("he_uniform", &shape, (2.0_f64 / 200.0).sqrt());
    assert_moments("he_normal", &shape, (2.0_f64 / 200.0).sqrt());
    assert_moments("lecun_uniform", &shape, (1.0_f64 / 200.0).sqrt());
    assert_moments("lecun_normal", &shape, (1.0_f64 / 200.0).sqrt());
    assert_moments("variance_scaling", &shape, (1.0_f64 / 200.0).sqrt());
    assert_moments("he_normal", &[3, 3, 16, 128], (2.0_f64 / 144.0).sqrt());
    let out =
        VarianceScaling::default().mode(Mode::FanOut).distribution(Distribution::UntruncatedNormal);
    let (_, deviation) = moments(&draws(out, &shape));
    assert!((deviation - (1.0_f64 / 300.0).sqrt()).abs() < 1e-3, "{deviation}");
}

#[test]
fn fans_by_axes_replace_those_by_place() {
    let chosen = VarianceScaling::default().input_axes([1]).output_axes([0, -1]);
    let (_, deviation) = moments(&draws(chosen.clone(), &[20, 400, 10]));
    assert!((deviation - 0.05).abs() < 1e-3, "{deviation}");
    assert!(chosen.array(&[20], KEY).is_err());
    let named = LecunNormal::default().input_axes([1]).output_axes([0, -1]);
    assert_eq!(draws(named, &[20, 400, 10]), draws(chosen, &[20, 400, 10]));
}

#[test]
fn ranges_hold() {
    let limit = (6.0_f64 / 500.0).sqrt();
    let uniform = assert_moments("glorot_uniform", &[200, 300], limit / 3.0_f64.sqrt());
    assert!(uniform.iter().all(|value| value.abs() <= limit));
    assert!(uniform.iter().any(|value| *value > 0.99 * limit));
    assert!(uniform.iter().any(|value| *value < -0.99 * limit));

    let shape = [30_000];
    let cut = assert_moments("truncated_normal", &shape, 0.05 * 0.879_625_661_034_239_8);
    assert!(cut.iter().all(|value| value.abs() <= 0.100_000_01));
    let plain = assert_moments("random_normal", &shape, 0.05);
    assert!(plain.iter().any(|value| value.abs() > 0.1));
    let default = assert_moments("random_uniform", &shape, 0.05 / 3.0_f64.sqrt());
    assert!(default.iter().all(|value| value.abs() <= 0.05));
    let shifted = draws(RandomUniform::default().minval(1).maxval(2), &shape);
    assert!(shifted.iter().all(|value| (1.0..=2.0).contains(value)));
}

#[test]
fn normal_numbers_are_normal() {
    let values = draws(RandomNormal::default().mean(3).stddev(2), &[40_000]);
    let within = |radius: f64| {
        let inside = values.iter().filter(|value| (**value - 3.0).abs() < radius * 2.0).count();
        inside as f64 / values.len() as f64
    };
    assert!((within(1.0) - 0.6827).abs() < 0.01);
    assert!((within(2.0) - 0.9545).abs() < 0.005);
}

#[test]
fn orthogonal_means_orthonormal_rows_or_columns() {
    for shape in [[6, 6], [9, 4], [4, 9]] {
        let values = draws(Orthogonal::default().gain(2), &shape);
        let [rows, columns] = shape;
        let at = |vector: usize, index: usize| {
            let (row, column) = if rows < columns { (vector, index) } else { (index, vector) };
            values[row * columns + column]
        };
        for a in 0..rows.min(columns) {
            for b in 0..rows.min(columns) {
                let product: f64 = (0..rows.max(columns)).map(|i| at(a, i) * at(b, i)).sum();
                let expected = if a == b { 4.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-6, "{shape:?} {a} {b} {product}");
            }
        }
    }
    assert_eq!(draws(Orthogonal::default(), &[2, 3, 4]).len(), 24);
    assert!(Orthogonal::default().array(&[3], KEY).is_err());
    assert!(Orthogonal::default().array(&[0, 4], KEY).unwrap().is_empty());
}

#[test]
fn fixed_values_fill() {
    assert_eq!(draws("zeros", &[2]), [0.0, 0.0]);
    assert_eq!(draws("ones", &[2]), [1.0, 1.0]);
    assert_eq!(draws(Constant::new(0.25), &[]), [0.25]);
    let wide = draws(Identity::default().gain(3), &[2, 3]);
    assert_eq!(wide, [3.0, 0.0, 0.0, 0.0, 3.0, 0.0]);
    let tall = draws("identity", &[3, 2]);
    assert_eq!(tall, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert!(Identity::default().array(&[3], KEY).is_err());
}

#[test]
fn keys_and_seeds_decide_the_numbers() {
    for spec in INITIALIZERS.specs {
        let initializer = INITIALIZERS.named(spec.class_name).unwrap();
        let array = |key| initializer.array(&[5, 6], key).unwrap();
        assert_eq!(array(KEY), array(KEY), "{}", spec.class_name);
        let fixed = ["Constant", "Identity", "Ones", "Zeros"].contains(&spec.class_name);
        assert_eq!(array(KEY) == array([11, 23]), fixed, "{}", spec.class_name);
        assert_eq!(array(KEY) == array([12, 22]), fixed, "{}", spec.class_name);
    }
    let seeded = GlorotUniform::default().seed(Seed(5));
    let array = |key| seeded.array(&[4], key).unwrap();
    assert_eq!(array(KEY), array([0, 0]));
    assert_ne!(array(KEY), GlorotUniform::default().seed(Seed(6)).array(&[4], KEY).unwrap());
    assert_ne!(Seed(1 << 40).key(), Seed(0).key());
}

#[test]
fn shapes_that_overflow_are_refused() {
    for spec in INITIALIZERS.specs {
        let initializer = INITIALIZERS.named(spec.class_name).unwrap();
        assert!(initializer.array(&[usize::MAX, 3], KEY).is_err(), "{}", spec.class_name);
    }
}

#[test]
fn configurations_survive_a_round_trip() {
    for spec in INITIALIZERS.specs {
        for case in spec.cases {
            let config: Value = serde_json::from_str(case).unwrap();
            let keras = json!({"class_name": spec.class_name, "config": config});
            let first: AnyInitializer = serde_json::from_value(keras).unwrap();
            let written = serde_json::to_value(&first).unwrap();
            let second: AnyInitializer = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(first, second);
            assert_eq!(serde_json::to_value(&second).unwrap(), written);
            let array = |initializer: &AnyInitializer| -> Array {
                initializer.array(&[3, 4], KEY).unwrap()
            };
            assert_eq!(array(&first), array(&second), "{} {case}", spec.class_name);
            if case.contains("seed") {
                assert_eq!(written["config"]["seed"], config["seed"]);
            }
        }
        for alias in spec.aliases {
            assert_eq!(INITIALIZERS.find(alias).unwrap().class_name, spec.class_name);
        }
    }
}

#[test]
fn files_of_keras_are_read() {
    let newer = json!({
        "module": "keras.initializers", "class_name": "GlorotUniform", "registered_name": null,
        "config": {"seed": null, "input_axes": null, "output_axes": null}
    });
    let read: AnyInitializer = serde_json::from_value(newer).unwrap();
    assert_eq!(read, "glorot_uniform".into());
    let generator = json!({"class_name": "HeNormal", "config": {"seed": {
        "module": "keras.random", "class_name": "SeedGenerator", "config": {"seed": 7}}}});
    let read: AnyInitializer = serde_json::from_value(generator).unwrap();
    assert_eq!(read, HeNormal::default().seed(Seed(7)).into());
    let defaults = serde_json::to_string(&AnyInitializer::from("zeros")).unwrap();
    insta::assert_snapshot!(defaults, @r#"{"module":"keras.initializers","class_name":"Zeros","config":{},"registered_name":null}"#);
}

#[test]
fn unknown_names_and_values_are_told() {
    let unknown = AnyInitializer::from("glorot_unifrom");
    let message = unknown.array(&[1], KEY).unwrap_err().to_string();
    insta::assert_snapshot!(message, @"unknown initializer `glorot_unifrom`; did you mean glorot_uniform, GlorotUniform, glorot_normal?");
    assert_eq!(serde_json::to_value(&unknown).unwrap(), json!("glorot_unifrom"));
    let read = |config: Value| {
        let object = json!({"class_name": "VarianceScaling", "config": config});
        serde_json::from_value::<AnyInitializer>(object).unwrap_err().to_string()
    };
    insta::assert_snapshot!(read(json!({"scale": 0})), @"VarianceScaling: scale expected a finite number above 0, received 0");
    assert!(read(json!({"mode": "fan"})).contains("fan_in"));
    assert!(read(json!({"seeed": 1})).contains("seed"));
}
