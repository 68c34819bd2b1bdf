use rhyton_graph::{Shape, Tracer, interpret};
use rhyton_testing::{Tolerance, assert_close};
use serde_json::Value;

use super::*;
use crate::golden::{At, array, object, records, run};

fn goldens() -> Vec<Value> {
    records(include_str!("../../goldens/metrics.json"), &METRICS)
}

fn batch(record: &Value, key: &str, start: usize, end: usize) -> Array {
    array(&record[key]).rows(start, end).unwrap()
}

/// The states of a metric after a batch, in a program for any number of samples.
fn step(metric: &dyn Metric, states: &[Array], batch: &[Array]) -> Result<Vec<Array>> {
    let tracer = Tracer::new(Arc::new([]));
    let fixed = states.iter().map(|state| Spec::new(state.dtype(), state.shape()));
    let batched =
        batch.iter().map(|array| Spec::new(array.dtype(), Shape::batched(&array.shape()[1..])));
    let inputs: Vec<Tensor> = fixed
        .chain(batched)
        .enumerate()
        .map(|(place, spec)| tracer.input(&format!("x{place}"), spec))
        .collect();
    let (before, given) = inputs.split_at(states.len());
    let after = metric.update(before, &given[0], &given[1], given.get(2))?;
    for (place, state) in after.iter().enumerate() {
        tracer.output(&format!("y{place}"), state)?;
    }
    let arrays: Vec<&Array> = states.iter().chain(batch).collect();
    Ok(interpret(&tracer.finish(), &arrays)?)
}

fn spec_of(array: &Array) -> Spec {
    Spec::new(array.dtype(), Shape::batched(&array.shape()[1..]))
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

#[test]
fn results_over_batches_are_those_of_keras() {
    for record in goldens() {
        let _at = At(&record);
        let metric = METRICS.read(&object(&record)).unwrap();
        assert_eq!(metric.name(), record["name"]);
        for (key, keys) in [
            ("plain", &["y_true", "y_pred"][..]),
            ("weighted", &["y_true", "y_pred", "sample_weight"]),
        ] {
            let specs = ["y_true", "y_pred"].map(|key| spec_of(&array(&record[key])));
            let states = metric.states(&specs[0], &specs[1]).unwrap();
            let mut states: Vec<Array> = states.iter().map(MetricState::value).collect();
            let (mut results, mut lists) = (Vec::new(), Vec::new());
            for (start, end) in [(0, 4), (4, 6)] {
                let arrays: Vec<Array> =
                    keys.iter().map(|key| batch(&record, key, start, end)).collect();
                states = step(&*metric, &states, &arrays).unwrap();
                let result = metric.result(&states);
                lists.push(matches!(result, MetricValue::Numbers(_)));
                results.extend_from_slice(result.all());
            }
            let expected = &record[key]["results"];
            assert_eq!(lists, [expected[0].is_array(), expected[1].is_array()]);
            let tolerance = Tolerance::relative(5e-6).and_absolute(1e-6);
            assert_close(&results, &numbers(expected), tolerance);
            let states: Vec<f64> = states.iter().flat_map(Array::to_f64).collect();
            assert_close(&states, &numbers(&record[key]["states"]), tolerance);
        }
    }
}

#[test]
fn values_before_the_first_batch_are_numbers() {
    for record in goldens() {
        let _at = At(&record);
        let metric = METRICS.read(&object(&record)).unwrap();
        let specs = ["y_true", "y_pred"].map(|key| spec_of(&array(&record[key])));
        let states = metric.states(&specs[0], &specs[1]).unwrap();
        let states: Vec<Array> = states.iter().map(MetricState::value).collect();
        let expected = if metric.name() == "r2_score" { f64::NAN } else { 0.0 };
        for value in metric.result(&states).all() {
            assert!(*value == expected || expected.is_nan(), "{}: {value}", metric.name());
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
        assert_eq!(Metric::result(&metric, &states), MetricValue::Number(0.5));
    }
}

#[test]
fn accuracy_chooses_by_shape_and_keeps_its_name() {
    let spec = |sizes: &[usize]| Spec::new(DType::F32, Shape::batched(sizes));
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
            assert_eq!(Value::Object(metric.config()), config, "{}", spec.class_name);
            config["dtype"] = json!("float32");
            config["name"] = json!("watched");
            assert_eq!((spec.from_config)(config).unwrap().name(), "watched");
        }
    }
}

#[test]
fn bad_settings_are_told() {
    let read = |class: &str, config: Value| {
        METRICS.read(&json!({"class_name": class, "config": config})).unwrap_err().to_string()
    };
    insta::assert_snapshot!(read("Precision", json!({"thresholds": [0.5, 2]})), @"precision: thresholds expected a number in [0, 1], or a list of such, received [0.5, 2.0]");
    insta::assert_snapshot!(read("PrecisionAtRecall", json!({})), @"PrecisionAtRecall: recall expected a number in [0, 1], received NaN");
    insta::assert_snapshot!(read("AUC", json!({"num_thresholds": 1})), @"AUC: num_thresholds expected a number from 2 to 1000000, received 1");
    insta::assert_snapshot!(read("MeanIoU", json!({})), @"mean_io_u: num_classes expected how many classes there are, from 1 to 16384, received 0");
    insta::assert_snapshot!(read("IoU", json!({"num_classes": 2, "target_class_ids": [2]})), @"io_u: target_class_ids expected classes below 2, received 2");
    insta::assert_snapshot!(read("F1Score", json!({"threshold": 1.5})), @"f1_score: threshold expected a number in (0, 1], received 1.5");
    insta::assert_snapshot!(read("FBetaScore", json!({"beta": 0})), @"fbeta_score: beta expected a number above 0, received 0");
    insta::assert_snapshot!(read("MeanMetricWrapper", json!({"fn": "my_loss"})), @r#"MeanMetricWrapper: fn expected the name of a loss or metric, received "my_loss""#);
    assert!(read("F1Score", json!({"average": "mean"})).contains("micro"));
}

#[test]
fn names_of_losses_mean_their_means() {
    let spec = Spec::new(DType::F32, Shape::batched(&[3]));
    let metric = resolve("huber", &spec, &spec).unwrap();
    assert_eq!((metric.name(), metric.spec().class_name), ("huber", "MeanMetricWrapper"));
    let function = json!({"class_name": "function", "config": "binary_accuracy"});
    let config = json!({"fn": function, "name": "right", "threshold": 0.2});
    let wrapped = METRICS.read(&json!({"class_name": "MeanMetricWrapper", "config": config}));
    assert_eq!(
        wrapped.unwrap().config(),
        *json!({"name": "right", "threshold": 0.2}).as_object().unwrap()
    );
}
