use rhyton_tensor::DType;
use rhyton_testing::{Tolerance, assert_close};

use super::*;
use crate::losses::golden::{array, object, records, run};

fn batch(record: &Value, key: &str, start: usize, end: usize) -> Array {
    array(&record[key]).rows(start, end).unwrap()
}

#[test]
fn results_over_batches_are_those_of_keras() {
    for record in records("metrics", &METRICS) {
        let metric = METRICS.read(&object(&record)).unwrap();
        assert_eq!(metric.name(), record["name"]);
        for (key, weighted) in [("plain", false), ("weighted", true)] {
            let mut states: Vec<Array> =
                metric.states().iter().map(|s| Array::zeros(DType::F32, &s.shape)).collect();
            assert_eq!(metric.result(&states), 0.0);
            let mut results = Vec::new();
            for (start, end) in [(0, 4), (4, 6)] {
                let mut inputs = states.clone();
                inputs.extend(
                    ["y_true", "y_pred", "sample_weight"]
                        .map(|key| batch(&record, key, start, end)),
                );
                let count = states.len();
                states = run(&inputs, |x| {
                    let weight = Some(&x[count + 2]).filter(|_| weighted);
                    metric.update(&x[..count], &x[count], &x[count + 1], weight)
                })
                .unwrap();
                results.push(metric.result(&states));
            }
            let expected: Vec<f64> =
                serde_json::from_value(record[key]["results"].clone()).unwrap();
            let tolerance = Tolerance::relative(2e-6).and_absolute(1e-7);
            assert_close(&results, &expected, tolerance);
            let expected: Vec<f64> = serde_json::from_value(record[key]["states"].clone()).unwrap();
            let states: Vec<f64> = states.iter().flat_map(Array::to_f64).collect();
            assert_close(&states, &expected, tolerance);
        }
    }
}

#[test]
fn a_mean_of_means_counts_samples() {
    let scalar = |value: f32| Array::scalar(value);
    let mut states = [scalar(0.0), scalar(0.0)];
    for (loss, samples) in [(5.0, 4.0), (10.0, 1.0)] {
        let inputs = [states[0].clone(), states[1].clone(), scalar(loss), scalar(samples)];
        let found = run(&inputs, |x| accumulate_mean(&x[..2], &x[2], Some(&x[3]))).unwrap();
        states = found.try_into().unwrap();
    }
    assert_eq!(mean_result(&states), 6.0);
}

#[test]
fn class_numbers_may_stand_in_a_column() {
    let scores = Array::from_slice(&[2, 3], &[0.1_f32, 0.8, 0.1, 0.5, 0.2, 0.3]).unwrap();
    let zero = Array::scalar(0.0_f32);
    for labels in [
        Array::from_slice(&[2], &[1_u8, 2]).unwrap(),
        Array::from_slice(&[2, 1], &[1_i64, 2]).unwrap(),
        Array::from_slice(&[2], &[1.0_f32, 2.0]).unwrap(),
    ] {
        let inputs = [zero.clone(), zero.clone(), labels, scores.clone()];
        let metric = SparseCategoricalAccuracy::default();
        let states = run(&inputs, |x| metric.update(&x[..2], &x[2], &x[3], None)).unwrap();
        assert_eq!(metric.result(&states), 0.5);
    }
}

#[test]
fn accuracy_chooses_by_shape_and_keeps_its_name() {
    let spec = |sizes: &[usize]| Spec::new(DType::F32, rhyton_graph::Shape::batched(sizes));
    let chosen = |name: &str, y_true: &[usize], y_pred: &[usize]| {
        let metric = resolve(name, &spec(y_true), &spec(y_pred)).unwrap();
        assert_eq!(metric.name(), name);
        metric.spec().class_name
    };
    assert_eq!(chosen("accuracy", &[], &[1]), "BinaryAccuracy");
    assert_eq!(chosen("acc", &[], &[10]), "SparseCategoricalAccuracy");
    assert_eq!(chosen("accuracy", &[1], &[10]), "SparseCategoricalAccuracy");
    assert_eq!(chosen("ACC", &[10], &[10]), "CategoricalAccuracy");
    assert_eq!(chosen("MSE", &[1], &[1]), "MeanSquaredError");
    assert_eq!(chosen("mae", &[1], &[1]), "MeanAbsoluteError");
    let unknown = resolve("crossentropy", &spec(&[]), &spec(&[10])).unwrap_err();
    assert!(unknown.to_string().starts_with("unknown metric `crossentropy`"), "{unknown}");
}

#[test]
fn configurations_are_kept() {
    for spec in METRICS.specs {
        for case in spec.cases {
            let mut config: Value = serde_json::from_str(case).unwrap();
            let metric = (spec.from_config)(config.clone()).unwrap();
            assert_eq!(Value::Object(metric.config()), config);
            config["dtype"] = json!("float32");
            config["name"] = json!("watched");
            assert_eq!((spec.from_config)(config).unwrap().name(), "watched");
        }
    }
}
