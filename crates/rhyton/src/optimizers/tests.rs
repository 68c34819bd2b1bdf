use std::sync::Arc;

use rhyton_graph::{Spec, eval};
use rhyton_tensor::{Array, DType};
use rhyton_testing::lock_step_error;
use serde_json::{Value, json};

use super::state::StateVariable;
use super::*;
use crate::golden::{array, object, records};

fn goldens() -> Vec<Value> {
    records(include_str!("../../goldens/optimizers.json"), &OPTIMIZERS)
}

/// The weights of the goldens.
fn weights(start: &Value) -> Vec<Weight> {
    let shapes = start.as_array().unwrap().iter().map(|value| array(value).shape().to_vec());
    shapes
        .zip(["layer/kernel", "layer/bias"])
        .map(|(shape, path)| Weight {
            path: path.to_owned(),
            spec: Spec::new(DType::F32, &*shape),
            initializer: "zeros".into(),
            trainable: true,
            declared_trainable: true,
            autocast: true,
            regularizer: None,
            constraint: None,
            weight_decay: true,
        })
        .collect()
}

/// An optimizer at work: the weights' values and its own variables.
struct Bench {
    optimizer: Arc<dyn Optimizer>,
    weights: Vec<Weight>,
    values: Vec<Array>,
    state: Vec<Array>,
}

impl Bench {
    fn new(optimizer: Arc<dyn Optimizer>, start: &Value) -> Self {
        let weights = weights(start);
        let values = start.as_array().unwrap().iter().map(array).collect();
        let mut bench = Self { optimizer, weights, values, state: Vec::new() };
        bench.state = bench.layout().variables.iter().map(StateVariable::initial_value).collect();
        bench
    }

    fn layout(&self) -> State {
        State::new(&*self.optimizer, &self.weights.iter().collect::<Vec<_>>()).unwrap()
    }

    fn step(&mut self, gradients: &[Array]) {
        let layout = self.layout();
        let weights: Vec<&Weight> = self.weights.iter().collect();
        let count = weights.len();
        let inputs: Vec<&Array> = gradients.iter().chain(&self.values).chain(&self.state).collect();
        let found = eval(
            |x| {
                let (gradients, rest) = x.split_at(count);
                let (values, state) = rest.split_at(count);
                let old = Values { weights: values.to_vec(), state: state.to_vec() };
                let step = Step { optimizer: &*self.optimizer, weights: &weights, state: &layout };
                let new = step.apply(&old, step.unscaled(&old, gradients.to_vec())).unwrap();
                new.weights.into_iter().chain(new.state).collect()
            },
            &inputs,
        )
        .unwrap();
        self.state = found[count..].to_vec();
        self.values = found[..count].to_vec();
    }
}

#[test]
fn ten_steps_are_those_of_keras() {
    for record in goldens() {
        let optimizer = OPTIMIZERS.read(&object(&record)).unwrap();
        let mut bench = Bench::new(optimizer, &record["start"]);
        let steps = record["steps"].as_array().unwrap();
        for (number, expected) in steps.iter().enumerate() {
            let gradients = record["gradients"][number].as_array().unwrap();
            bench.step(&gradients.iter().map(array).collect::<Vec<_>>());
            for (value, expected) in bench.values.iter().zip(expected.as_array().unwrap()) {
                assert_same(value, &array(expected), &record, &number.to_string());
            }
        }
        assert_eq!(steps.len(), 10);
        let kept = bench.layout().variables;
        let stored = variables(&record);
        assert_eq!(kept.len(), stored.len(), "{}", record["class_name"]);
        for ((kept, found), stored) in kept.iter().zip(&bench.state).zip(&stored) {
            let name = kept.name.rsplit('/').next().unwrap();
            let keras = stored["name"].as_str().unwrap();
            assert!(keras.ends_with(name) || UNNAMED.contains(&name), "{keras} for {name}");
            let stored = array(stored);
            if !["r", "c"].contains(&name) || stored.dtype() == DType::F32 {
                assert_same(found, &stored.cast(found.dtype()), &record, name);
            }
        }
    }
}

/// The optimizer's variables after the steps. One that scales the loss has iteration, learning rate,
/// counter and scale before the inner one's, of which the first two stay unused.
fn variables(record: &Value) -> Vec<Value> {
    let all = record["variables"].as_array().unwrap().clone();
    match record["class_name"].as_str() {
        Some("LossScaleOptimizer") => [&all[4..], &all[2..4]].concat(),
        _ => all,
    }
}

/// How far values may be from Keras', relative to values above 1. All but Muon, whose iteration
/// magnifies roundings, are within 1e-6.
const TOLERANCE: f64 = 5e-5;

/// Variables to which Keras gives no name of their own.
const UNNAMED: [&str; 3] = ["u_product", "r", "c"];

#[track_caller]
fn assert_same(found: &Array, expected: &Array, record: &Value, what: &str) {
    let [found, expected] = [found, expected].map(|array| array.cast(DType::F32));
    let error = lock_step_error(found.view::<f32>(), expected.view::<f32>());
    assert!(error <= TOLERANCE, "{} {} {what}: {error:e}", record["class_name"], record["case"]);
}

#[test]
fn configurations_are_those_of_keras() {
    for record in goldens() {
        let optimizer = OPTIMIZERS.read(&object(&record)).unwrap();
        let keras = &record["config"];
        for (key, value) in optimizer.config() {
            let same = match (value.as_f64(), keras[&key].as_f64()) {
                (Some(ours), Some(keras)) => ours == keras,
                _ if ["learning_rate", "inner_optimizer"].contains(&&*key) => {
                    value["class_name"] == keras[&key]["class_name"]
                }
                _ => value == keras[&key],
            };
            assert!(same, "{}: {key} {value} {}", record["class_name"], keras[&key]);
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

/// Excluded weights, and parameters of activations, go the way they go without decay.
#[test]
fn what_is_excluded_does_not_decay() {
    let start = json!([
        {"shape": [2], "dtype": "float32", "values": [1, -2]},
        {"shape": [1], "dtype": "float32", "values": [3]},
    ]);
    let gradients = [array(&start[0]), array(&start[1])];
    let step = |optimizer: SGD, decays: bool| {
        let mut bench = Bench::new(Arc::new(optimizer), &start);
        bench.weights[0].weight_decay = decays;
        bench.step(&gradients);
        [bench.values[0].to_f64(), bench.values[1].to_f64()]
    };
    let decaying = || SGD::new(0.5).weight_decay(0.5);
    assert_eq!(step(decaying(), true), [vec![0.25, -0.5], vec![0.75]]);
    assert_eq!(step(decaying().exclude_from_weight_decay(["bias"]), true)[1], [1.5]);
    assert_eq!(step(decaying(), false), [vec![0.5, -1.0], vec![0.75]]);
}

/// Averages see the weights before the constraint; the weights end inside it.
#[test]
fn constraints_come_last() {
    let start = json!([
        {"shape": [2], "dtype": "float32", "values": [1, 1]},
        {"shape": [1], "dtype": "float32", "values": [1]},
    ]);
    let mut bench = Bench::new(Arc::new(SGD::new(1.0).use_ema(true)), &start);
    bench.weights[0].constraint = Some("non_neg".into());
    bench.step(&[Array::from_slice(&[2], &[3.0_f32, 0.5]).unwrap(), array(&start[1])]);
    assert_eq!(bench.values[0].to_f64(), [0.0, 0.5]);
    assert_eq!(bench.state[2].to_f64(), [-2.0, 0.5]);
}

#[test]
fn what_is_not_there_is_refused() {
    let read =
        |config: Value| match OPTIMIZERS.read(&json!({"class_name": "SGD", "config": config})) {
            Ok(optimizer) => format!("{:?}", optimizer.config()),
            Err(error) => error.to_string(),
        };
    insta::assert_snapshot!(read(json!({"gradient_accumulation_steps": 1})), @"SGD: gradient_accumulation_steps expected at least 2, or none, received 1");
    insta::assert_snapshot!(read(json!({"ema_momentum": 1.5})), @"SGD: ema_momentum expected a number in [0, 1], received 1.5");
    insta::assert_snapshot!(read(json!({"ema_overwrite_frequency": 0})), @"SGD: ema_overwrite_frequency expected at least 1, or none, received 0");
    insta::assert_snapshot!(read(json!({"loss_scale_factor": 0.0})), @"SGD: loss_scale_factor expected a finite float32 above 0, received 0");
    insta::assert_snapshot!(read(json!({"learning_rate": {"class_name": "ExponentialDecay"}})), @"SGD: learning_rate expected a value of its type, received an object that does not fit (ExponentialDecay: decay_steps expected a number above 0, received NaN)");
    insta::assert_snapshot!(read(json!({"learning_rate": "fast"})), @r#"SGD: learning_rate expected a value of its type, received "fast" (unknown schedule `fast`)"#);
    insta::assert_snapshot!(read(json!({"decay": -0.1})), @"SGD: decay expected 0, or a number above 0 beside a learning rate that is a number, received -0.1");
    insta::assert_snapshot!(read(json!({"lr": 0.5, "decay": 0.1})), @r#"{"learning_rate": Object {"module": String("keras.optimizers.schedules"), "class_name": String("InverseTimeDecay"), "config": Object {"initial_learning_rate": Number(0.5), "decay_steps": Number(1), "decay_rate": Number(0.1)}, "registered_name": Null}}"#);
    insta::assert_snapshot!(read(json!({"clipnorm": 1.0, "clipvalue": 2.0})), @"SGD: clipping expected at most one way, received clipnorm 1, clipvalue 2");
    insta::assert_snapshot!(read(json!({"momentum": 1.5})), @"SGD: momentum expected a number in [0, 1], received 1.5");
    insta::assert_snapshot!(read(json!({"lr": 0.5, "decay": 0.0})), @r#"{"learning_rate": Number(0.5)}"#);
    assert!(read(json!({"loss_scale_factor": 1e40})).contains("received 10000000000"));
    for class in ["Adam", "Adamax", "AdamW", "Nadam", "Lamb"] {
        for (key, beta) in [("beta_1", 1.0), ("beta_2", 2.0), ("beta_1", -0.1)] {
            let given = json!({"class_name": class, "config": {key: beta}});
            let error = OPTIMIZERS.read(&given).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("{class}: {key} expected a number from 0 to below 1, received {beta}")
            );
        }
    }
    let muon = json!({"class_name": "Muon", "config": {"adam_beta_1": 1.0}});
    assert!(OPTIMIZERS.read(&muon).is_err());
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
