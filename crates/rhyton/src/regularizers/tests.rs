use rhyton_graph::gradients;
use rhyton_testing::{Tolerance, assert_close};
use serde_json::{Value, json};

use super::*;
use crate::golden::{array, object, records, run};

const TOLERANCE: Tolerance = Tolerance::relative(2e-6).and_absolute(1e-7);

fn goldens() -> Vec<Value> {
    records(include_str!("../../goldens/regularizers.json"), &REGULARIZERS)
}

#[test]
fn penalties_and_gradients_are_those_of_keras() {
    for record in goldens() {
        let regularizer = REGULARIZERS.read(&object(&record)).unwrap();
        let weight = array(&record["weight"]);
        let found = rhyton_graph::eval(
            |x| {
                let penalty = regularizer.call(&x[0]).unwrap();
                let slopes = gradients(&penalty, &[&x[0]]).unwrap();
                vec![penalty, slopes[0].clone()]
            },
            &[&weight],
        )
        .unwrap();
        let penalty = record["penalty"].as_f64().unwrap() as f32;
        assert_close(found[0].view::<f32>(), &[penalty], TOLERANCE);
        let slope = array(&record["gradient"]);
        assert_close(found[1].view::<f32>(), slope.view::<f32>(), TOLERANCE);
    }
}

#[test]
fn configurations_are_those_of_keras() {
    for record in goldens() {
        let regularizer = REGULARIZERS.read(&object(&record)).unwrap();
        let whole = (regularizer.spec().from_config)(record["config"].clone()).unwrap();
        for (key, value) in whole.config() {
            let same = match (value.as_f64(), record["config"][&key].as_f64()) {
                (Some(ours), Some(keras)) => (ours - keras).abs() < 1e-7,
                _ => value == record["config"][&key],
            };
            assert!(same, "{key}: {value}");
        }
        let any: AnyRegularizer = serde_json::from_value(object(&record)).unwrap();
        assert_eq!(Value::Object(any.get().unwrap().config()), record["case"]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let read = |value: Value| REGULARIZERS.read(&value).map(drop).unwrap_err().to_string();
    insta::assert_snapshot!(read(json!("l3")), @"unknown regularizer `l3`; did you mean L1, L2, l1?");
    insta::assert_snapshot!(read(json!({"class_name": "L2", "config": {"l2": -1.0}})), @"L2: l2 expected a finite number, at least 0, received -1");
    let refused =
        run(&[array(&json!({"shape": [2], "dtype": "float32", "values": [1, 2]}))], |x| {
            Ok(vec![OrthogonalRegularizer::default().call(&x[0])?])
        });
    insta::assert_snapshot!(refused.unwrap_err(), @"OrthogonalRegularizer: x expected a matrix, received [N]");
    assert!(AnyRegularizer::from("l3").get().is_err());
    assert_eq!(AnyRegularizer::from(L2::new(0.01)), "l2".into());
}
