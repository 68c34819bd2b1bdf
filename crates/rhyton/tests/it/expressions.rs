//! Losses and metrics of one's own, as expressions and as functions: trained, saved with their
//! definitions, loaded without registration.

use rhyton::losses::LossFunction;
use rhyton::{
    Array, Compile, Dense, Evaluate, Fit, LoadOptions, Model, Registry, SGD, Sequential, Tensor,
    Verbose, custom_object_scope, custom_objects, ops,
};

fn data() -> (Array, Array) {
    let x = Array::from_slice(&[4, 2], &[0.5_f32, -1.0, 0.25, 2.0, -0.75, 1.5, 1.0, 0.0]).unwrap();
    let y = Array::from_slice(&[4, 2], &[1.0_f32, 0.0, -1.0, 2.0, 0.5, 0.5, 0.0, 1.0]).unwrap();
    (x, y)
}

fn network() -> Model {
    Sequential::new().input(&[2]).add(Dense::new(2)).build().unwrap()
}

/// The weights after some steps, and the last epoch's values.
fn trained(compile: Compile) -> (Model, Vec<Array>) {
    let (x, y) = data();
    let mut model = network();
    model.compile(compile.optimizer(SGD::new(0.1))).unwrap();
    model.fit(&x, &y, Fit::new().epochs(3).verbose(Verbose::Silent)).unwrap();
    let weights = model.weight_values().unwrap();
    (model, weights)
}

fn close(a: &[Array], b: &[Array]) {
    for (a, b) in a.iter().zip(b) {
        let far = a.to_f64().iter().zip(b.to_f64()).any(|(a, b)| (a - b).abs() > 1e-6);
        assert!(!far, "{a:?} {b:?}");
    }
}

#[test]
fn an_expression_trains_as_the_loss_that_it_is() {
    let (_, mse) = trained(Compile::new().loss("mse"));
    for text in [
        "square(y_true - y_pred)",
        "(y_pred - y_true)^2",
        "lambda t, p: (t - p)**2",
        "d = y_true - y_pred; d * d",
    ] {
        close(&trained(Compile::new().loss(text)).1, &mse);
    }
    let huber = rhyton::losses::Huber::default().delta(0.5);
    let (_, expected) = trained(Compile::new().loss(huber));
    let text = "d = abs(y_true - y_pred); where(d <= 0.5, d^2 / 2, 0.5 * d - 0.125)";
    close(&trained(Compile::new().loss(text)).1, &expected);
}

#[test]
fn metrics_are_expressions_too() {
    let (x, y) = data();
    let text = "abs(y_true - y_pred)";
    let (mut model, _) = trained(Compile::new().loss("mse").metrics(["mae", text]));
    let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
    assert!((logs["mae"] - logs[text]).abs() < 1e-6, "{logs:?}");
}

/// What is evaluated again after a file, where nothing is registered.
fn reloaded(model: &mut Model, scope: &Registry) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.keras");
    custom_object_scope(scope, || model.save(&path)).unwrap();
    Model::load(&path).unwrap()
}

#[test]
fn files_hold_the_definitions() {
    let (x, y) = data();
    let scope = Registry::new();
    let fourth = |y_true: &Tensor, y_pred: &Tensor| {
        let square = ops::square(y_true - y_pred);
        ops::mean(&ops::square(square), Some(&[-1]), false)
    };
    scope.loss_from("steep", "lambda t, p, delta=0.5: delta * (t - p)^2").unwrap();
    scope.metric_from("off", "abs(y_true - y_pred)").unwrap();
    scope.loss("fourth", fourth);
    scope.metric("fourth", fourth);
    for loss in ["steep", "steep(delta=2)", "fourth", "y = y_true; (y - y_pred)^2"] {
        let (mut model, before) = custom_object_scope(&scope, || {
            let mut model = network();
            let compile = Compile::new().loss(loss).metrics(["off", "fourth"]);
            model.compile(compile.optimizer(SGD::new(0.1))).unwrap();
            model.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
            let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
            (model, logs)
        });
        let mut again = reloaded(&mut model, &scope);
        assert_eq!(again.evaluate(&x, &y, Evaluate::new()).unwrap(), before, "{loss}");
        // A second file is made of what the first one held.
        let mut third = reloaded(&mut again, &Registry::new());
        assert_eq!(third.evaluate(&x, &y, Evaluate::new()).unwrap(), before, "{loss}");
        third.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
    }
}

/// What is given while loading wins over the file.
#[test]
fn a_scope_wins_over_the_file() {
    let (x, y) = data();
    let scope = Registry::new();
    scope.loss_from("mine", "square(y_true - y_pred)").unwrap();
    let (mut model, _) = custom_object_scope(&scope, || trained(Compile::new().loss("mine")));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.keras");
    custom_object_scope(&scope, || model.save(&path)).unwrap();
    let other = Registry::new();
    other.loss_from("mine", "2 * square(y_true - y_pred)").unwrap();
    let options = LoadOptions { custom_objects: Some(other), ..LoadOptions::default() };
    let mut again = Model::load_with(&path, &options).unwrap();
    let once = custom_object_scope(&scope, || model.evaluate(&x, &y, Evaluate::new())).unwrap();
    let twice = again.evaluate(&x, &y, Evaluate::new()).unwrap();
    assert!((twice["loss"] - 2.0 * once["loss"]).abs() < 1e-6);
}

#[test]
fn mistakes_are_explained() {
    let refused = |loss: &str| network().compile(Compile::new().loss(loss)).unwrap_err();
    insta::assert_snapshot!(refused("mean_squarred_error"), @r#"
    unknown loss `mean_squarred_error`; did you mean mean_squared_error, MeanSquaredError, mean_absolute_error?
      to use your own: custom_objects().loss("mean_squarred_error", |y_true, y_pred| …)
    "#);
    insta::assert_snapshot!(refused("sqare(y_true - y_pred)"), @r"
    unknown function `sqare`
      sqare(y_true - y_pred)
      ^^^^^
      did you mean `square`?
    ");
    insta::assert_snapshot!(refused("square(x - y_pred)"), @"loss `square(x - y_pred)`: expression expected an expression over y_true and y_pred, such as square(y_true - y_pred), received one over x");
    insta::assert_snapshot!(refused("square(y_true)"), @"loss `square(y_true)`: expression expected an expression over y_true and y_pred, such as square(y_true - y_pred), received one without y_pred");
    custom_objects().loss_from("tilted", "lambda t, p, tilt=0.5: tilt * abs(t - p)").unwrap();
    insta::assert_snapshot!(refused("tilted(tilth=1)"), @"tilted(tilth=1): parameter expected one of tilt (nearest: tilt), received tilth");
    insta::assert_snapshot!(refused("tilted(tilt=much)"), @"tilted(tilt=much): tilt expected a number, received much");
    let metric = network().compile(Compile::new().loss("mse").metrics(["abs(y_true - )"]));
    insta::assert_snapshot!(metric.unwrap_err(), @r"
    expected a number, a name or `(`, received `)`
      abs(y_true - )
                   ^
    ");
    assert!(LossFunction::from_expression("steep", "y_pred").is_ok());
}
