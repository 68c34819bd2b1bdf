use rhyton_graph::eval;
use rhyton_tensor::Array;
use serde_json::{Value, json};

use super::*;
use crate::golden::{object, records};
use crate::optimizers::LearningRate;

fn goldens() -> Vec<Value> {
    records(include_str!("../../../goldens/schedules.json"), &SCHEDULES)
}

#[test]
fn rates_are_those_of_keras() {
    for record in goldens() {
        let schedule = SCHEDULES.read(&object(&record)).unwrap();
        let pairs = record["rates"].as_array().unwrap();
        for pair in pairs {
            let (step, expected) = (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
            let found =
                eval(|x| vec![schedule.call(&x[0]).unwrap()], &[&Array::scalar(step as f32)]);
            let found = found.unwrap()[0].to_f64()[0];
            let error = (found - expected).abs();
            let class = &record["class_name"];
            assert!(error <= 2e-6 * expected.abs() + 2e-8, "{class} {step}: {found} {expected}");
        }
    }
}

#[test]
fn configurations_are_those_of_keras() {
    for record in goldens() {
        let schedule = SCHEDULES.read(&object(&record)).unwrap();
        let whole = (schedule.spec().from_config)(record["config"].clone()).unwrap();
        assert_eq!(whole.config(), schedule.config());
        for (key, value) in whole.config() {
            let keras = &record["config"][&key];
            let numbers = |value: &Value| match value {
                Value::Array(list) => list.iter().filter_map(Value::as_f64).collect(),
                one => Vec::from_iter(one.as_f64()),
            };
            assert!(value == *keras || numbers(&value) == numbers(keras), "{key}: {value}");
        }
        let rate: LearningRate = serde_json::from_value(object(&record)).unwrap();
        let again: LearningRate =
            serde_json::from_value(serde_json::to_value(&rate).unwrap()).unwrap();
        assert_eq!(rate, again);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let read = |class: &str, config: Value| {
        let form = json!({"class_name": class, "config": config});
        SCHEDULES.read(&form).map(drop).unwrap_err().to_string()
    };
    insta::assert_snapshot!(read("ExponentialDecay", json!({"decay_steps": 3, "decay_rate": 0.5})), @"ExponentialDecay: initial_learning_rate expected a number, received NaN");
    insta::assert_snapshot!(read("CosineDecay", json!({"initial_learning_rate": 1.0, "decay_steps": 0})), @"CosineDecay: decay_steps expected a number above 0, received 0");
    insta::assert_snapshot!(read("PiecewiseConstantDecay", json!({"boundaries": [1], "values": [1.0]})), @"PiecewiseConstantDecay: values expected one value more than 1 boundaries, received 1");
    insta::assert_snapshot!(read("CosineDecai", json!({})), @"unknown schedule `CosineDecai`; did you mean CosineDecay?");
    let shape = FunctionSchedule::new(|step| rhyton_graph::reshape(step, &[1])).unwrap_err();
    insta::assert_snapshot!(shape, @"schedule: function expected a float32 scalar made of a float32 scalar, received float32[1] made of float32[]");
}

#[test]
fn a_function_is_kept_as_a_program() {
    let function = FunctionSchedule::new(|step| 0.1 / (1.0 + step)).unwrap();
    let rate = LearningRate::from(function);
    assert_eq!(rate.after(3).unwrap(), f64::from(0.025_f32));
    let again: LearningRate = serde_json::from_value(serde_json::to_value(&rate).unwrap()).unwrap();
    assert_eq!(again, rate);
    assert_eq!(again.after(1).unwrap(), f64::from(0.05_f32));
}
