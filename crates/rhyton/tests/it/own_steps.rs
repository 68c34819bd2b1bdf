//! Steps of one's own, executions of several steps, frozen layers, parts of models.

use std::sync::{Arc, Mutex};

use rhyton::callbacks::{Callback, Training};
use rhyton::{
    Adam, Apply, Array, BatchNormalization, Compile, Dense, Dropout, Evaluate, Fit, Model, OnBatch,
    Predict, Result, SGD, Sequential, Verbose, input,
};

fn numbers(shape: &[usize], seed: u64) -> Array {
    let mut state = seed;
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        })
        .collect();
    Array::from_slice(shape, &values).unwrap()
}

fn network() -> Model {
    Sequential::new()
        .input(&[6])
        .add(Dense::new(8).activation("swish").kernel_regularizer("l2"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.3))
        .add(Dense::new(2))
        .build()
        .unwrap()
}

fn adam() -> Compile {
    let adam = Adam::new(0.01).clipnorm(0.5).weight_decay(0.01).loss_scale_factor(8.0);
    Compile::new().optimizer(adam).loss("mse").metrics(["mae"])
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().verbose(Verbose::Silent).shuffle(false).batch_size(8)
}

/// `fit`, `train_on_batch`, and gradients applied apart leave the same bits.
#[test]
fn a_step_in_two_programs_is_a_step_in_one() {
    let (x, y) = (numbers(&[20, 6], 1), numbers(&[20, 2], 2));
    let mut models = [network(), network(), network()];
    for model in &mut models {
        model.compile(adam()).unwrap();
    }
    let [fitted, stepped, split] = &mut models;
    let history = fitted.fit(&x, &y, quiet()).unwrap();
    let mut last = None;
    for start in [0, 8, 16] {
        let end = (start + 8).min(20);
        let (x, y) = (x.rows(start, end).unwrap(), y.rows(start, end).unwrap());
        last = Some(stepped.train_on_batch(&x, &y, OnBatch::new()).unwrap());
        let gradients = split.gradients(&x, &y, OnBatch::new()).unwrap();
        assert_eq!(&gradients.logs, last.as_ref().unwrap());
        assert_eq!(gradients.get("dense/kernel").unwrap().shape(), [6, 8]);
        split.apply_gradients(&gradients).unwrap();
    }
    assert_eq!(last.unwrap()["loss"], history.history["loss"][0]);
    assert_eq!(fitted.weight_values().unwrap(), stepped.weight_values().unwrap());
    assert_eq!(fitted.weight_values().unwrap(), split.weight_values().unwrap());
    assert_eq!(split.iterations().unwrap(), 3);
    split.reset_metrics().unwrap();
    let once = split.test_on_batch(&x, &y, OnBatch::new()).unwrap();
    assert_eq!(once, split.evaluate(&x, &y, Evaluate::new().batch_size(20)).unwrap());
}

#[test]
fn gradients_that_do_not_fit_are_refused() {
    let (x, y) = (numbers(&[4, 6], 1), numbers(&[4, 2], 2));
    let mut model = network();
    insta::assert_snapshot!(model.gradients(&x, &y, OnBatch::new()).unwrap_err(), @"the model is not compiled; call `compile` with an optimizer and a loss first");
    model.compile(adam()).unwrap();
    let mut gradients = model.gradients(&x, &y, OnBatch::new()).unwrap();
    gradients.arrays.swap(0, 1);
    insta::assert_snapshot!(model.apply_gradients(&gradients).unwrap_err(), @"apply_gradients: dense/kernel expected float32[6, 8], received float32[8]");
    gradients.arrays.pop();
    insta::assert_snapshot!(model.apply_gradients(&gradients).unwrap_err(), @"apply_gradients: gradients expected 6 arrays, one for each trained weight, received 5");
}

#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Callback for Calls {
    fn on_train_batch_begin(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.0.lock().unwrap().push(format!("<{batch}"));
        Ok(())
    }

    fn on_train_batch_end(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.0.lock().unwrap().push(format!("{batch}>"));
        Ok(())
    }
}

#[test]
fn callbacks_are_called_around_executions() {
    let (x, y) = (numbers(&[36, 6], 3), numbers(&[36, 2], 4));
    let train = |steps: usize| {
        let mut model = network();
        model.compile(adam().steps_per_execution(steps)).unwrap();
        let calls = Calls::default();
        model.fit(&x, &y, quiet().callback(calls.clone())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.keras");
        model.save(&path).unwrap();
        let file = rhyton_formats::read(&path).unwrap();
        assert_eq!(file.config["compile_config"]["steps_per_execution"], steps);
        let mut again = Model::load(&path).unwrap();
        let calls_again = Calls::default();
        again.fit(&x, &y, quiet().callback(calls_again.clone())).unwrap();
        let made = calls.0.lock().unwrap().join(" ");
        assert_eq!(made, calls_again.0.lock().unwrap().join(" "));
        (made, model.weight_values().unwrap())
    };
    let (every, weights) = train(1);
    assert_eq!(every, "<0 0> <1 1> <2 2> <3 3> <4 4>");
    // As in Keras, the last execution ends under the number of the step that it has no batch for.
    assert_eq!(train(2), ("<0 1> <2 3> <4 5>".to_owned(), weights.clone()));
    assert_eq!(train(9), ("<0 8>".to_owned(), weights));
    let refused = network().compile(adam().steps_per_execution(0)).unwrap_err();
    insta::assert_snapshot!(refused, @"compile: steps_per_execution expected at least 1, received 0");
}

#[test]
fn frozen_layers_stay_as_they_are() {
    let (x, y) = (numbers(&[16, 6], 5), numbers(&[16, 2], 6));
    let mut model = network();
    model.set_trainable("dense", false).unwrap();
    model.set_trainable("batch_*", false).unwrap();
    model.compile(adam()).unwrap();
    let before = model.weight_values().unwrap();
    model.fit(&x, &y, quiet()).unwrap();
    let after = model.weight_values().unwrap();
    for (place, (_, weight)) in model.weights().iter().enumerate() {
        let moved = weight.path.starts_with("dense_1/");
        assert_eq!(before[place] != after[place], moved, "{}", weight.path);
    }
    let summary = model.summary(&rhyton::SummaryOptions::default()).unwrap();
    assert!(summary.contains(" Trainable params: 18 "), "{summary}");
    // Iteration, learning rate, two slots of two weights.
    assert!(summary.contains(" Optimizer params: 38 "), "{summary}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frozen.keras");
    model.save(&path).unwrap();
    let mut again = Model::load(&path).unwrap();
    let frozen = |model: &Model| -> Vec<bool> {
        model.weights().iter().map(|(_, weight)| weight.trainable).collect()
    };
    assert_eq!(frozen(&again), frozen(&model));
    model.fit(&x, &y, quiet()).unwrap();
    again.fit(&x, &y, quiet()).unwrap();
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
}

/// Until the next `compile`, training goes on with what was trainable then.
#[test]
fn what_trains_is_settled_by_compile() {
    let (x, y) = (numbers(&[16, 6], 5), numbers(&[16, 2], 6));
    let mut model = network();
    model.compile(adam()).unwrap();
    model.set_trainable("*", false).unwrap();
    let before = model.weight("dense/kernel").unwrap();
    model.fit(&x, &y, quiet()).unwrap();
    let trained = model.weight("dense/kernel").unwrap();
    assert_ne!(before, trained);
    model.compile(adam()).unwrap();
    model.fit(&x, &y, quiet()).unwrap();
    assert_eq!(trained, model.weight("dense/kernel").unwrap());
    insta::assert_snapshot!(model.set_trainable("densee", true).unwrap_err(), @"sequential: unknown layer `densee`; did you mean dense, dense_1?");
}

#[test]
fn a_nested_model_freezes_what_is_inside() {
    let body = network().to_layer().unwrap().name("body");
    let mut model = Sequential::new().input(&[6]).add(body).add(Dense::new(1)).build().unwrap();
    let trained =
        |model: &Model| model.weights().iter().filter(|(_, weight)| weight.trainable).count();
    assert_eq!(trained(&model), 8);
    model.set_trainable("body", false).unwrap();
    assert_eq!(trained(&model), 2);
    model.set_trainable("body", true).unwrap();
    model.set_trainable("body/dense*", false).unwrap();
    assert_eq!(trained(&model), 4);
}

/// A trained body under a new head: the body stays, the head learns; both parts predict what the
/// whole does.
#[test]
fn a_model_is_taken_apart() {
    let (x, y) = (numbers(&[16, 6], 7), numbers(&[16, 2], 8));
    let mut whole = network();
    whole.compile(adam()).unwrap();
    whole.fit(&x, &y, quiet().epochs(3)).unwrap();
    let (body, head) = (whole.up_to("dropout").unwrap(), whole.after("dropout").unwrap());
    let features = body.predict(&x, Predict::new()).unwrap();
    assert_eq!(features, whole.outputs_of("dropout", &[&x]).unwrap());
    let predicted = head.predict(&features, Predict::new()).unwrap();
    assert_eq!(predicted, whole.predict(&x, Predict::new()).unwrap());
    let frozen = body.to_layer().unwrap().trainable(false).name("body");
    let mut tuned = Sequential::new().input(&[6]).add(frozen).add(Dense::new(2)).build().unwrap();
    tuned.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse")).unwrap();
    tuned.fit(&x, &y, quiet()).unwrap();
    assert_eq!(tuned.weight("body/dense/kernel").unwrap(), whole.weight("dense/kernel").unwrap());
    let moving = "batch_normalization/moving_mean";
    assert_eq!(tuned.weight(&format!("body/{moving}")).unwrap(), whole.weight(moving).unwrap());
    insta::assert_snapshot!(whole.up_to("drop").unwrap_err(), @"sequential: unknown layer `drop`");
    insta::assert_snapshot!(whole.after("dense_1").unwrap_err(), @"sequential: layer expected a layer that others come after, received `dense_1`");
}

#[test]
fn a_part_needs_nothing_from_beside_its_layer() {
    let (a, b) = (input(&[3]), input(&[3]));
    let first = Dense::new(3).name("first").apply(&[&a]);
    let both = &first + Dense::new(3).name("second").apply(&[&b]);
    let model = Model::functional(&[&a, &b], &[&Dense::new(1).apply(&[&both])]).unwrap();
    let x = [numbers(&[2, 3], 1), numbers(&[2, 3], 2)];
    let tail = model.after("add").unwrap();
    let sums = model.outputs_of("add", &[&x[0], &x[1]]).unwrap();
    assert_eq!(
        tail.predict(&sums, Predict::new()).unwrap(),
        model.predict([&x[0], &x[1]], Predict::new()).unwrap()
    );
    assert_eq!(model.up_to("first").unwrap().inputs().len(), 1);
    insta::assert_snapshot!(model.after("first").unwrap_err(), @"functional: layer expected a layer that all of the rest comes after, received one beside which `input_layer_1` is needed");
}

/// Without the optimizer's steps between, which random layers follow.
#[test]
fn every_gradient_by_hand_drops_anew() {
    let mut model = network();
    model.compile(adam()).unwrap();
    let (x, y) = (numbers(&[8, 6], 1), numbers(&[8, 2], 2));
    let mut loss = |options: OnBatch<'static>| model.gradients(&x, &y, options).unwrap().loss;
    let first = loss(OnBatch::new());
    assert!(first != loss(OnBatch::new()));
    assert_eq!(loss(OnBatch::new().seed(5)), loss(OnBatch::new().seed(5)));
}
