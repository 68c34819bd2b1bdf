//! Names and what they stand for: scopes, packages, shadowing, files, and what errors say.

use rhyton::{
    Activation, Array, Dense, LoadOptions, Model, Predict, Registry, Sequential, Tensor,
    custom_object_scope, custom_objects,
};
use serde_json::{Value, json};

fn x() -> Array {
    Array::from_slice(&[1, 3], &[-1.0_f32, 0.5, 2.0]).unwrap()
}

fn value(activation: &str) -> Vec<f32> {
    let activation = Activation::parse(activation).unwrap();
    activation.evaluate(&x()).unwrap()[0].view::<f32>().to_vec()
}

fn scope_with(name: &str, text: &str) -> Registry {
    let registry = Registry::new();
    registry.activation_from(name, text).unwrap();
    registry
}

fn model(activation: impl Into<Activation>) -> Model {
    let dense = Dense::new(3).activation(activation).kernel_initializer("identity");
    Sequential::new().input(&[3]).add(dense).build().unwrap()
}

fn predict(model: &Model) -> Vec<f32> {
    model.predict(&x(), Predict::new()).unwrap()[0].view::<f32>().to_vec()
}

#[test]
fn scopes_nest_and_the_inner_wins() {
    let outer = scope_with("nested", "2 * x");
    outer.activation_from("outer_only", "5 * x").unwrap();
    let inner = scope_with("nested", "3 * x");
    custom_object_scope(&outer, || {
        assert_eq!(value("nested"), [-2.0, 1.0, 4.0]);
        custom_object_scope(&inner, || {
            assert_eq!(value("nested"), [-3.0, 1.5, 6.0]);
            assert_eq!(value("outer_only"), [-5.0, 2.5, 10.0]);
        });
        assert_eq!(value("nested"), [-2.0, 1.0, 4.0]);
    });
    assert!(Activation::parse("nested").is_err());
    let panicked = std::panic::catch_unwind(|| {
        custom_object_scope(&scope_with("nested", "x"), || assert!(value("nested").is_empty()));
    });
    assert!(panicked.is_err());
    assert!(Activation::parse("nested").is_err(), "a scope ends when its body panics");
}

/// The same function, where one is a built-in in float64 and the other a text in float32.
#[track_caller]
fn assert_same(a: &[f32], b: &[f32]) {
    assert!(rhyton_testing::max_ulp(a, b) <= 4, "{a:?} {b:?}");
}

#[test]
fn a_user_wins_over_a_built_in_and_leaves_its_alias() {
    custom_object_scope(&scope_with("swish", "7 * x"), || {
        assert_eq!(value("swish"), [-7.0, 3.5, 14.0]);
        assert_same(&value("silu"), &value("x * sigmoid(x)"));
        let both = Sequential::new()
            .input(&[3])
            .add(Dense::new(3).activation("swish").kernel_initializer("identity"))
            .add(Dense::new(3).activation("silu").kernel_initializer("identity"))
            .build()
            .unwrap();
        let again = Model::from_file(&both.to_file().unwrap(), &LoadOptions::default()).unwrap();
        assert_eq!(predict(&again), predict(&both));
    });
    assert_eq!(value("swish"), value("silu"));
    assert_eq!(value("rhyton>swish(beta=2)"), value("swish(beta=2)"));
}

#[test]
fn packages_keep_names_apart() {
    let registry = scope_with("lab>wave", "sin(x)");
    registry.activation_from("shop>wave", "cos(x)").unwrap();
    custom_object_scope(&registry, || {
        assert_eq!(value("lab>wave"), value("sin(x)"));
        assert_eq!(value("shop>wave"), value("cos(x)"));
        assert!(Activation::parse("wave").is_err());
        let both = Sequential::new()
            .input(&[3])
            .add(Dense::new(3).activation("lab>wave").kernel_initializer("identity"))
            .add(Dense::new(3).activation("shop>wave").kernel_initializer("identity"))
            .build()
            .unwrap();
        let again = Model::from_file(&both.to_file().unwrap(), &LoadOptions::default()).unwrap();
        assert_eq!(predict(&again), predict(&both));
    });
    for bad in [">wave", "two words", "", "3d", "lab>"] {
        assert!(registry.activation_from(bad, "x").is_err(), "{bad}");
    }
    insta::assert_snapshot!(registry.activation_from("two words", "x").unwrap_err(), @"registry: name expected a word, optionally after `package>`, received `two words`");
}

#[test]
fn another_definition_needs_replace() {
    let registry = scope_with("bent", "x + tanh(x)");
    registry.activation_from("bent", "x+tanh( x )").unwrap();
    let taken = registry.activation_from("bent", "x - tanh(x)").unwrap_err();
    insta::assert_snapshot!(taken, @"activation `bent` is registered with another definition (x + tanh(x)); call `replace` to put x - tanh(x) in its place");
    registry.replace("bent", "x - tanh(x)").unwrap();
    custom_object_scope(&registry, || assert_eq!(value("bent"), value("x - tanh(x)")));

    fn steep(x: &Tensor) -> Tensor {
        x * 2
    }
    fn flat(x: &Tensor) -> Tensor {
        x * 0.5
    }
    registry.activation("slope", steep, []).unwrap();
    assert!(registry.activation("slope", flat, []).is_err());
    registry.update([("plain", "0.5 * x"), ("wrapped", "swish(beta=2)")]).unwrap();
    custom_object_scope(&registry, || assert_eq!(value("plain"), [-0.5, 0.25, 1.0]));
    registry.remove("plain");
    custom_object_scope(&registry, || assert!(Activation::parse("plain").is_err()));
}

#[test]
fn what_is_registered_with_update_keeps_its_parameters() {
    let registry = Registry::new();
    registry.update([("steep_swish", "swish(beta=2)")]).unwrap();
    custom_object_scope(&registry, || assert_eq!(value("steep_swish"), value("swish(beta=2)")));
}

#[test]
fn unknown_names_and_bad_texts_are_shown() {
    let error = |text: &str| Activation::parse(text).unwrap_err().to_string();
    insta::assert_snapshot!(error("sigmiod"), @r#"
    unknown activation `sigmiod`; did you mean sigmoid?
      to use your own: custom_objects().activation_from("sigmiod", "x * sigmoid(beta * x)")?
    "#);
    insta::assert_snapshot!(error("ReLU"), @r#"
    unknown activation `ReLU`; did you mean relu, celu, crelu?
      to use your own: custom_objects().activation_from("ReLU", "x * sigmoid(beta * x)")?
    "#);
    insta::assert_snapshot!(error("swish(bta=2)"), @"swish: parameter expected one of beta (did you mean beta?), received bta");
    insta::assert_snapshot!(error("swish(beta=much)"), @"swish: beta expected a number or trainable(number, axis=…, min=…, max=…), received much");
    insta::assert_snapshot!(error("tanh(beta=2)"), @"tanh: parameter expected no parameters, received beta");
    insta::assert_snapshot!(error("x * sigmoid(1.5 * x"), @r#"
    expected `,` or `)`, received the end of the text
      x * sigmoid(1.5 * x
                         ^
    "#);
    insta::assert_snapshot!(error("x * sigmod(x)"), @r#"
    unknown function `sigmod`
      x * sigmod(x)
          ^^^^^^
      did you mean `sigmoid`?
    "#);
    let layer = Sequential::new().input(&[3]).add(Dense::new(2).activation("x +").name("head"));
    insta::assert_snapshot!(layer.build().unwrap_err(), @r#"
    head: expected a number, a name or `(`, received the end of the text
      x +
         ^
    "#);
    let axis = Sequential::new()
        .input(&[3])
        .add(Dense::new(2).activation("swish(beta=trainable(1, axis=4))"))
        .build();
    insta::assert_snapshot!(axis.unwrap_err(), @"dense: beta: axis expected a number in [-2, 2) for shape [N, 2], received 4");
}

#[test]
fn the_file_wins_over_the_registry_and_what_is_given_over_the_file() {
    let saved = custom_object_scope(&scope_with("ranked", "2 * x"), || model("ranked"));
    let file = saved.to_file().unwrap();
    assert_eq!(predict(&saved), [-2.0, 1.0, 4.0]);
    custom_objects().activation_from("ranked", "100 * x").unwrap();
    let load = |options: &LoadOptions| predict(&Model::from_file(&file, options).unwrap());
    assert_eq!(load(&LoadOptions::default()), [-2.0, 1.0, 4.0]);
    let given = |name: &str| LoadOptions {
        custom_objects: Some(scope_with(name, "3 * x")),
        ..LoadOptions::default()
    };
    assert_eq!(load(&given("ranked")), [-3.0, 1.5, 6.0]);
    assert_eq!(load(&given("rhyton>ranked")), [-3.0, 1.5, 6.0]);
    let mut bare = file.clone();
    bare.rhyton = None;
    let registered = Model::from_file(&bare, &LoadOptions::default()).unwrap();
    assert_eq!(predict(&registered), [-100.0, 50.0, 200.0]);
    custom_objects().remove("ranked");
    let unknown = Model::from_file(&bare, &LoadOptions::default()).unwrap_err();
    insta::assert_snapshot!(unknown, @r#"
    dense: unknown activation `ranked`
      to use your own: custom_objects().activation_from("ranked", "x * sigmoid(beta * x)")?
    "#);
}

#[test]
fn newer_files_are_told_apart() {
    let file = model("0.1x + max(x, 0)").to_file().unwrap();
    let refuse = |key: &str, number: Value| {
        let mut newer = file.clone();
        newer.rhyton.as_mut().unwrap()[key] = number;
        Model::from_file(&newer, &LoadOptions::default()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(refuse("version", json!(2)), @"rhyton.json: version expected at most 1; update Rhyton to read newer files, received 2");
    insta::assert_snapshot!(refuse("language", json!(3)), @"rhyton.json: language expected at most 2; update Rhyton to read newer files, received 3");
    insta::assert_snapshot!(refuse("version", json!("one")), @r#"rhyton.json: version expected at most 1; update Rhyton to read newer files, received "one""#);
    insta::assert_snapshot!(refuse("definitions", json!([])), @"rhyton.json: definitions expected an object, received []");
}

#[test]
fn python_code_is_refused() {
    let file = model("relu").to_file().unwrap();
    let refuse = |change: fn(&mut Value)| {
        let mut changed = file.clone();
        change(&mut changed.config["config"]["layers"][1]);
        Model::from_file(&changed, &LoadOptions::default()).unwrap_err().to_string()
    };
    let lambda = refuse(|layer| {
        layer["config"]["activation"] =
            json!({"class_name": "__lambda__", "config": {"value": "4wEAAAA=\n"}});
    });
    insta::assert_snapshot!(lambda, @"dense: activation: configuration expected a name or an expression (Python code in a file is never run), received a lambda");
    let layer = refuse(|layer| {
        layer["class_name"] = json!("Lambda");
        layer["config"] = json!({"name": "lambda", "function": {"class_name": "__lambda__"}});
    });
    insta::assert_snapshot!(layer, @"lambda: class_name expected a layer that is data (Python code in a file is never run), received Lambda");
    let unknown = refuse(|layer| layer["class_name"] = json!("Dens"));
    insta::assert_snapshot!(unknown, @r#"
    dense: unknown layer `Dens`; did you mean Dense?
      to use your own: custom_objects().layer(&DENS_SPEC)?
    "#);
}

#[test]
fn one_name_has_one_definition_in_a_model() {
    let two = custom_object_scope(&scope_with("twin", "2 * x"), || Activation::from("twin"));
    let three = custom_object_scope(&scope_with("twin", "3 * x"), || Activation::from("twin"));
    let build = |a: Activation, b: Activation| {
        let chain = Sequential::new().input(&[3]).add(Dense::new(3).activation(a));
        chain.add(Dense::new(3).activation(b)).build().unwrap()
    };
    let clash = build(two.clone(), three).to_file().unwrap_err();
    insta::assert_snapshot!(clash, @"sequential: activation expected one definition for each name in a model, received twin");
    build(two.clone(), two).to_file().unwrap();
    let swish = custom_object_scope(&scope_with("swish", "3 * x"), || Activation::from("swish"));
    assert!(build(swish, Activation::from("rhyton>swish(beta=2)")).to_file().is_err());
}

#[test]
fn the_same_function_can_be_registered_again() {
    fn steep(x: &Tensor, by: &Tensor) -> Tensor {
        x * by
    }
    fn flat(x: &Tensor, by: &Tensor) -> Tensor {
        x / by
    }
    let registry = Registry::new();
    registry.activation("slope", steep, [("by", 2.0)]).unwrap();
    registry.activation("slope", steep, [("by", 2.0)]).unwrap();
    assert!(registry.activation("slope", steep, [("by", 3.0)]).is_err());
    assert!(registry.activation("slope", flat, [("by", 2.0)]).is_err());
    let factors = [2.0, 3.0];
    let closure = |factor: f64| move |x: &Tensor, by: &Tensor| x * by * factor;
    registry.activation("closure", closure(factors[0]), [("by", 1.0)]).unwrap();
    assert!(registry.activation("closure", closure(factors[1]), [("by", 1.0)]).is_err());
    registry.replace_with("slope", flat, [("by", 2.0)]).unwrap();
    custom_object_scope(&registry, || assert_eq!(value("slope"), [-0.5, 0.25, 1.0]));
}

/// A derivative that a function states for itself is saved with it.
#[test]
fn a_saved_function_keeps_its_derivative() {
    fn stated(x: &Tensor) -> Tensor {
        rhyton::ops::custom_gradient(&[x], &(x * 2.0), |inputs, _| vec![inputs[0].scalar_like(7.0)])
    }
    custom_objects().activation("stated", stated, []).unwrap();
    let file = model("stated").to_file().unwrap();
    custom_objects().remove("stated");
    let again = Model::from_file(&file, &LoadOptions::default()).unwrap();
    let text = file.rhyton.unwrap().to_string();
    assert!(text.contains("custom_gradient{derivative=graph"), "{text}");
    assert_eq!(predict(&again), [-2.0, 1.0, 4.0]);
}

#[test]
fn a_registered_linear_is_used_where_it_is_named() {
    custom_object_scope(&scope_with("linear", "3 * x"), || {
        assert_eq!(predict(&model("linear")), [-3.0, 1.5, 6.0]);
        let dense = Dense::new(3).kernel_initializer("identity");
        let plain = Sequential::new().input(&[3]).add(dense).build().unwrap();
        assert_eq!(predict(&plain), [-1.0, 0.5, 2.0]);
    });
    assert_eq!(predict(&model("linear")), [-1.0, 0.5, 2.0]);
}

#[test]
fn texts_of_one_word_are_names_or_expressions_as_they_look() {
    assert_eq!(value("x²"), value("x * x"));
    assert_eq!(value("βx"), value("x"));
    assert_eq!(value("tf.nn.swish"), value("swish"));
    assert_same(&value("keras.activations.swish(x)"), &value("swish"));
    assert_eq!(value("swish(β=2)"), value("swish(beta=2)"));
    custom_object_scope(&scope_with("step_by", "δ * x"), || {
        assert_eq!(value("step_by(δ=3)"), value("3 * x"));
    });
    let (inlined, builtin) = (value("gelu(x, approximate=True)"), value("gelu(approximate=True)"));
    for (inlined, builtin) in inlined.iter().zip(builtin) {
        assert!((inlined - builtin).abs() <= 1e-6 * builtin.abs(), "{inlined} for {builtin}");
    }
    let refused = |text: &str| Activation::parse(text).unwrap_err().to_string();
    assert_eq!(
        refused("swish(beta=1, beta=2)"),
        "swish: beta expected one value for each parameter, received two"
    );
    assert!(refused("np.sigmoidal").starts_with("unknown activation `np.sigmoidal`"));
}
