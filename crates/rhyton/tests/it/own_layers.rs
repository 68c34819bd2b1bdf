//! Layers that a user writes: sub-layers, call arguments, trainable parameters, added losses.

use std::sync::Arc;

use rhyton::layer::{Call, Common, Layer, LayerKind, LayerSpec, LayerValue, Outputs, Scope};
use rhyton::objects::{Config, Configured, changed_config, from_config};
use rhyton::ops::{Spec, Tensor, mean, square};
use rhyton::{
    Activation, Apply, Array, Compile, Dense, Evaluate, Fit, Flatten, LoadOptions, Model, Predict,
    Registry, Result, SGD, Sequential, Setters, Verbose, input,
};
use serde::{Deserialize, Serialize};

/// Twice a dense layer: the wrapper has no weights of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
struct Twice {
    #[serde(skip)]
    common: Common,
    units: usize,
}

static TWICE: LayerSpec = LayerSpec {
    class_name: "Twice",
    module: "my_layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Twice>("Twice", config, &[])?)),
    cases: &[r#"{"units": 3}"#],
};

impl Configured<LayerKind> for Twice {
    fn spec(&self) -> &'static LayerSpec {
        &TWICE
    }

    fn config(&self) -> Config {
        changed_config(self, &[])
    }
}

impl Layer for Twice {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let inner = Dense::new(self.units).activation("swish(beta=trainable(1.25))").to_arc();
        scope.layer("layer", &inner, inputs)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let inner = cx.call_layer("layer", inputs)?.remove(0);
        Ok((inner * 2).into())
    }
}

/// Adds what comes as the argument `shift`, if it comes, and a penalty to the loss.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
struct Shifted {
    #[serde(skip)]
    common: Common,
    penalty: f64,
}

static SHIFTED: LayerSpec = LayerSpec {
    class_name: "Shifted",
    module: "my_layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Shifted>("Shifted", config, &[])?)),
    cases: &["{}", r#"{"penalty": 0.5}"#],
};

impl Configured<LayerKind> for Shifted {
    fn spec(&self) -> &'static LayerSpec {
        &SHIFTED
    }

    fn config(&self) -> Config {
        changed_config(self, &[])
    }
}

impl Layer for Shifted {
    fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        Ok(())
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let shifted = match cx.argument("shift") {
            Some(shift) => &inputs[0] + shift,
            None => inputs[0].clone(),
        };
        if self.penalty != 0.0 {
            cx.add_loss(mean(&square(&shifted), None, false) * self.penalty);
        }
        Ok(shifted.into())
    }
}

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().verbose(Verbose::Silent)
}

fn own() -> LoadOptions {
    let registry = Registry::new();
    registry.layer(&TWICE).unwrap();
    registry.layer(&SHIFTED).unwrap();
    LoadOptions { custom_objects: Some(registry), ..LoadOptions::default() }
}

#[test]
fn own_layers_pass_the_harness() {
    for spec in [&TWICE, &SHIFTED] {
        for case in spec.cases {
            rhyton::testing::check_layer(spec, case);
        }
    }
}

#[test]
fn a_wrapper_builds_calls_and_saves_its_inner_layer() {
    let (x, y) = crate::training::clouds(32);
    let mut model = Sequential::new()
        .input(&[4, 4])
        .add(Flatten::new())
        .add(Twice::default().units(3))
        .build()
        .unwrap();
    let paths: Vec<&str> = model.weights().iter().map(|(_, w)| w.path.as_str()).collect();
    let expected = ["twice/layer/kernel", "twice/layer/bias", "twice/layer/activation/beta"];
    assert_eq!(paths, expected);
    model.compile(Compile::new().optimizer("adam").loss("mse")).unwrap();
    let targets = rhyton_data::one_hot(&y, 3, "clouds").unwrap();
    model.fit(&x, &targets, quiet().epochs(2)).unwrap();
    let beta = model.weight("twice/layer/activation/beta").unwrap();
    assert_ne!(beta.view::<f32>()[0], 1.25);

    let file = model.to_file().unwrap();
    assert_eq!(file.weights.variables("layers/twice/layer").len(), 2);
    assert_eq!(file.weights.variables("layers/twice/layer/activation")[0], beta);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let again = Model::load_with(&path, &own()).unwrap();
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
    let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap();
    assert_eq!(predict(&again), predict(&model));

    let unknown = Model::load(&path).unwrap_err();
    insta::assert_snapshot!(unknown, @r#"
    twice: unknown layer `Twice`
      to use your own: custom_objects().layer(&TWICE_SPEC)?
    "#);
    rhyton::custom_objects().layer(&TWICE).unwrap();
    assert_eq!(predict(&Model::load(&path).unwrap()), predict(&model));
    rhyton::custom_objects().remove("Twice");
}

#[test]
fn a_frozen_wrapper_freezes_what_is_inside() {
    let wrapper = Twice::default().units(2).trainable(false);
    let mut model = Sequential::new().input(&[3]).add(wrapper).build().unwrap();
    assert!(model.weights().iter().all(|(_, weight)| !weight.trainable));
    model.compile(Compile::new().optimizer("sgd").loss("mse")).unwrap();
    let before = model.weight_values().unwrap();
    let x = f32s(&[2, 3], &[1.0, 2.0, 3.0, -1.0, 0.5, 0.25]);
    model.fit(&x, &f32s(&[2, 2], &[0.0; 4]), quiet()).unwrap();
    assert_eq!(model.weight_values().unwrap(), before);
}

#[test]
fn a_named_argument_is_kept_in_files() {
    let (x, shift) = (input(&[2]), input(&[2]));
    let y = Shifted::default().apply_with(&[&x], &[("shift", &shift)]);
    let z = Shifted::default().apply(&[&y]);
    let model = Model::functional(&[&x, &shift], &[&z]).unwrap();
    let arrays = [f32s(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), f32s(&[2, 2], &[10.0, 20.0, 30.0, 40.0])];
    let predict = |model: &Model| model.predict(&arrays[..], Predict::new()).unwrap().remove(0);
    assert_eq!(predict(&model).view::<f32>(), [11.0, 22.0, 33.0, 44.0]);
    let file = model.to_file().unwrap();
    let layers = file.config["config"]["layers"].as_array().unwrap();
    let nodes = &layers.iter().find(|layer| layer["name"] == "shifted").unwrap()["inbound_nodes"];
    let history = &nodes[0]["kwargs"]["shift"]["config"]["keras_history"];
    assert_eq!(history, &serde_json::json!(["input_layer_1", 0, 0]));
    let again = Model::from_file(&file, &own()).unwrap();
    assert_eq!(predict(&again), predict(&model));
}

#[test]
fn trained_parameters_come_back_with_their_bits() {
    let (x, y) = crate::training::clouds(64);
    for (text, shape) in
        [("swish(beta=trainable(1.5))", &[][..]), ("swish(beta=trainable(1.5, axis=-1))", &[16])]
    {
        let mut model = crate::training::network(text);
        let beta = model.weight("dense/activation/beta").unwrap();
        assert_eq!(beta.shape(), shape);
        assert!(beta.view::<f32>().iter().all(|value| *value == 1.5));
        model.fit(&x, &y, quiet().epochs(2)).unwrap();
        let beta = model.weight("dense/activation/beta").unwrap();
        assert!(beta.view::<f32>().iter().all(|value| *value != 1.5), "{beta:?}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.keras");
        model.save(&path).unwrap();
        let file = rhyton_formats::read(&path).unwrap();
        assert_eq!(file.weights.variables("layers/dense/activation"), [beta]);
        let again = Model::load(&path).unwrap();
        assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
        let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap();
        assert_eq!(predict(&again), predict(&model));
    }
    let typed = Activation::from("swish").with("beta", rhyton::trainable(1.5)).unwrap();
    let model = Sequential::new().input(&[3]).add(Dense::new(2).activation(typed)).build().unwrap();
    assert_eq!(model.count_parameters(), 9);
}

#[test]
fn added_losses_are_trained_and_logged() {
    let dense = || Dense::new(1).use_bias(false).kernel_initializer("ones");
    let mut model = Sequential::new()
        .input(&[1])
        .add(dense())
        .add(Shifted::default().penalty(0.5))
        .build()
        .unwrap();
    model.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse").metrics(["mse"])).unwrap();
    let x = f32s(&[2, 1], &[1.0, 1.0]);
    let logs = model.evaluate(&x, &x, Evaluate::new()).unwrap();
    assert_eq!((logs["loss"], logs["mse"]), (0.5, 0.0));
    model.fit(&x, &x, quiet()).unwrap();
    // The slope of 0.5 w² at 1 is 1.
    assert!((model.weight("dense/kernel").unwrap().view::<f32>()[0] - 0.9).abs() < 1e-6);
}
