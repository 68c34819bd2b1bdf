use rhyton_testing::{Tolerance, assert_close};
use serde_json::{Value, json};

use super::*;
use crate::golden::{array, object, records};

fn goldens() -> Vec<Value> {
    records(include_str!("../../goldens/constraints.json"), &CONSTRAINTS)
}

#[test]
fn weights_are_those_of_keras() {
    for record in goldens() {
        let constraint = CONSTRAINTS.read(&object(&record)).unwrap();
        let weight = array(&record["weight"]);
        let found =
            rhyton_graph::eval(|x| vec![constraint.call(&x[0]).unwrap()], &[&weight]).unwrap();
        let tolerance = Tolerance::relative(2e-6).and_absolute(1e-7);
        let expected = array(&record["result"]);
        assert_close(found[0].view::<f32>(), expected.view::<f32>(), tolerance);
    }
}

#[test]
fn configurations_are_those_of_keras() {
    for record in goldens() {
        let constraint = CONSTRAINTS.read(&object(&record)).unwrap();
        let whole = (constraint.spec().from_config)(record["config"].clone()).unwrap();
        assert_eq!(whole.config(), constraint.config());
        for (key, value) in whole.config() {
            let keras = &record["config"][&key];
            assert!(value == *keras || value.as_f64() == keras.as_f64(), "{key}: {value}");
        }
        let any: AnyConstraint = serde_json::from_value(object(&record)).unwrap();
        assert_eq!(any.get().unwrap().config(), constraint.config());
    }
}

#[test]
fn unknown_keys_and_names_are_refused() {
    let read = |value: Value| CONSTRAINTS.read(&value).map(drop).unwrap_err().to_string();
    insta::assert_snapshot!(read(json!("max_nrm")), @"unknown constraint `max_nrm`; did you mean max_norm, MaxNorm, maxnorm?");
    insta::assert_snapshot!(read(json!({"class_name": "MaxNorm", "config": {"axes": 1}})), @"MaxNorm: config expected one of its keys (nearest: axis), received `axes`");
    assert!(AnyConstraint::from("max_nrm").get().is_err());
    assert_eq!(AnyConstraint::from(MaxNorm::default()), "max_norm".into());
}
