//! Initializers that look at the activation, in files: the configuration holds what they come to, so
//! that Keras reads it; `rhyton.json` keeps their names, by their places in the configuration.

use serde_json::{Map, Value, json};

use super::places::visit;
use crate::activations::Activation;
use crate::initializers::{INITIALIZERS, Suited};
use crate::layer::Layer;
use crate::objects::{Config, SETTLED, object_form};

const BIAS: &str = "bias_initializer";

/// A layer's configuration with its initializers settled, each with its name beside it.
pub(super) fn config(layer: &dyn Layer) -> Config {
    let mut config = layer.config();
    let linear = Activation::linear();
    let activation = layer.activation().unwrap_or(&linear);
    let mut bias = None;
    for (key, value) in config.iter_mut().filter(|(key, _)| key.ends_with("_initializer")) {
        let Some((name, suited)) = suited(value, activation) else { continue };
        *value = settled(&*suited.weight, &name);
        if key != BIAS {
            bias = bias.or(suited.bias);
        }
    }
    let is_default = config.get(BIAS).is_none_or(|value| value["class_name"] == "Zeros");
    if let (Some(bias), true) = (bias, is_default && config.get("use_bias") != Some(&json!(false)))
    {
        config.insert(BIAS.to_owned(), settled(&*bias, "zeros"));
    }
    config
}

/// The name of an initializer that looks at the activation, and what it comes to.
fn suited(value: &Value, activation: &Activation) -> Option<(String, Suited)> {
    let initializer = INITIALIZERS.read(value).ok()?;
    let suited = initializer.suited(activation).ok().flatten()?;
    let arguments: Vec<String> =
        initializer.config().iter().map(|(key, value)| format!("{key}={value}")).collect();
    let name = initializer.spec().aliases[0];
    let name = match arguments.as_slice() {
        [] => name.to_owned(),
        arguments => format!("{name}({})", arguments.join(", ")),
    };
    Some((name, suited))
}

fn settled(initializer: &dyn crate::initializers::Initializer, name: &str) -> Value {
    let mut form = object_form(initializer.spec(), Value::Object(initializer.config()));
    form[SETTLED] = json!(name);
    form
}

/// Takes the names out of a configuration: by JSON pointer.
pub(super) fn take_names(config: &mut Value) -> Map<String, Value> {
    let mut names = Map::new();
    visit(config, "", &mut |value, place| {
        let Some(object) = value.as_object_mut() else { return };
        let is_initializer = object.get("module").is_some_and(|m| m == "keras.initializers");
        if let (true, Some(name)) = (is_initializer, object.shift_remove(SETTLED)) {
            names.insert(place.to_owned(), name);
        }
    });
    names
}

/// Puts the names of a file back to their places; those that lead nowhere are dropped.
pub(super) fn put_names(config: &mut Value, names: &Value) {
    for (place, name) in names.as_object().into_iter().flatten() {
        let is_settled = |value: &&mut Value| value.get("class_name").is_some();
        if let (Some(value), Some(_)) =
            (config.pointer_mut(place).filter(is_settled), name.as_str())
        {
            value[SETTLED] = name.clone();
        }
    }
}
