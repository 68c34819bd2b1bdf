use rhyton_graph::eval;
use rhyton_tensor::{Array, DType};
use rhyton_testing::lock_step_error;
use serde_json::json;

use super::*;
use crate::losses::golden::{array, object, records};

/// One step over all variables: variables and, for each, its slots.
fn step(
    optimizer: &dyn Optimizer,
    iteration: i64,
    rate: f32,
    state: &[(Array, Vec<Array>)],
    gradients: &[Array],
) -> Vec<(Array, Vec<Array>)> {
    let mut inputs = vec![Array::scalar(rate), Array::scalar(iteration)];
    inputs.extend(gradients.iter().cloned());
    for (variable, slots) in state {
        inputs.push(variable.clone());
        inputs.extend(slots.iter().cloned());
    }
    let slots = optimizer.slots().len();
    let flat = eval(
        |x| {
            let context = StepContext { learning_rate: &x[0], iteration: &x[1] };
            let (gradients, rest) = x[2..].split_at(gradients.len());
            let clipped = optimizer.transform_gradients(gradients.to_vec()).unwrap();
            let variables = rest.chunks(1 + slots).zip(&clipped);
            variables
                .flat_map(|(of, gradient)| {
                    let update = optimizer.update(&context, &of[0], gradient, &of[1..]).unwrap();
                    std::iter::once(update.variable).chain(update.slots)
                })
                .collect()
        },
        &inputs.iter().collect::<Vec<_>>(),
    )
    .unwrap();
    flat.chunks(1 + slots).map(|of| (of[0].clone(), of[1..].to_vec())).collect()
}

#[test]
fn ten_steps_are_those_of_keras() {
    for record in records("optimizers", &OPTIMIZERS) {
        let optimizer = OPTIMIZERS.read(&object(&record)).unwrap();
        let zeros = |value: &Array| {
            optimizer.slots().iter().map(|_| Array::zeros(DType::F32, value.shape())).collect()
        };
        let mut state: Vec<(Array, Vec<Array>)> = record["start"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| (array(value), zeros(&array(value))))
            .collect();
        let steps = record["steps"].as_array().unwrap();
        for (number, expected) in steps.iter().enumerate() {
            let gradients: Vec<Array> =
                record["gradients"][number].as_array().unwrap().iter().map(array).collect();
            let rate = optimizer.learning_rate() as f32;
            state = step(&*optimizer, number as i64, rate, &state, &gradients);
            for ((variable, _), expected) in state.iter().zip(expected.as_array().unwrap()) {
                assert_same(variable, &array(expected), &record, number);
            }
        }
        assert_eq!(steps.len(), 10);
        assert_file_order(&*optimizer, &state, &record);
    }
}

#[track_caller]
fn assert_same(found: &Array, expected: &Array, record: &Value, number: usize) {
    let error = lock_step_error(found.view::<f32>(), expected.view::<f32>());
    assert!(error <= 1e-6, "{} {} {number}: {error:e}", record["class_name"], record["case"]);
}

/// The slots stand in the file where Keras puts them.
fn assert_file_order(optimizer: &dyn Optimizer, state: &[(Array, Vec<Array>)], record: &Value) {
    let stored = record["variables"].as_array().unwrap();
    assert_eq!(
        (&stored[0]["name"], &stored[1]["name"]),
        (&json!("iteration"), &json!("learning_rate"))
    );
    assert_eq!(array(&stored[1]).view::<f32>(), &[optimizer.learning_rate() as f32]);
    let order = optimizer.file_order(state.len());
    assert_eq!(order.len() + 2, stored.len());
    for (place, stored) in order.iter().zip(&stored[2..]) {
        let name = stored["name"].as_str().unwrap();
        assert!(name.ends_with(optimizer.slots()[place.slot]), "{name} for {place:?}");
        assert_same(&state[place.variable].1[place.slot], &array(stored), record, place.slot);
    }
}

#[test]
fn configurations_are_those_of_keras() {
    for record in records("optimizers", &OPTIMIZERS) {
        let optimizer = OPTIMIZERS.read(&object(&record)).unwrap();
        let keras = &record["config"];
        for (key, value) in optimizer.config() {
            assert_eq!(value, keras[&key], "{key}");
        }
        let name = keras["name"]
            .as_str()
            .unwrap()
            .trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
        assert_eq!(optimizer.name(), name);
        let mut whole = keras.clone();
        whole["name"] = json!(name);
        let again = (optimizer.spec().from_config)(whole).unwrap();
        assert_eq!(again.config(), optimizer.config());
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let read =
        |config: Value| match OPTIMIZERS.read(&json!({"class_name": "SGD", "config": config})) {
            Ok(optimizer) => format!("{:?}", optimizer.config()),
            Err(error) => error.to_string(),
        };
    insta::assert_snapshot!(read(json!({"use_ema": true})), @"SGD: use_ema expected its default, the only value supported so far, received true");
    insta::assert_snapshot!(read(json!({"learning_rate": {"class_name": "ExponentialDecay"}})), @r#"SGD: learning_rate expected a number (schedules are not supported so far), received {"class_name":"ExponentialDecay"}"#);
    insta::assert_snapshot!(read(json!({"clipnorm": 1.0, "clipvalue": 2.0})), @"SGD: clipping expected at most one way, received clipnorm Some(1.0), global_clipnorm None, clipvalue Some(2.0)");
    insta::assert_snapshot!(read(json!({"momentum": 1.5})), @"SGD: momentum expected a number in [0, 1], received 1.5");
    insta::assert_snapshot!(read(json!({"lr": 0.5, "decay": 0.0})), @r#"{"learning_rate": Number(0.5)}"#);
    assert!(read(json!({"momentun": 0.5})).contains("nearest: momentum"));
    assert!(AdamW::default().weight_decay(None).validate().is_err());
    assert!(SGD::new(f64::NAN).validate().is_err());
}

#[test]
fn setters_reach_the_options() {
    let sgd = SGD::new(0.1).momentum(0.9).nesterov(true).clipnorm(1.0).weight_decay(0.01).name("s");
    let expected = json!({"name": "s", "learning_rate": f64::from(0.1_f32), "weight_decay": 0.01,
        "clipnorm": 1.0, "momentum": 0.9, "nesterov": true});
    assert_eq!(Value::Object(sgd.config()), expected);
    let adam = Adam::default().beta_1(0.5).beta_2(0.6).epsilon(0.1).amsgrad(true).clipvalue(2.0);
    let expected = json!({"clipvalue": 2.0, "beta_1": 0.5, "beta_2": 0.6, "epsilon": 0.1,
        "amsgrad": true});
    assert_eq!(Value::Object(adam.config()), expected);
}
