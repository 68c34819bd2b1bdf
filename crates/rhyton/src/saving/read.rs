//! A network from Keras' configuration, by any version's dialect.

use std::sync::Arc;

use rhyton_graph::{Shape, Spec};
use rhyton_tensor::DType;
use serde_json::{Value, json};

use super::keras_layers::ABSENT;
use super::key;
use super::reader::functional;
use crate::activations::find_layer;
use crate::layer::{DTypePolicy, Layer};
use crate::layers::LAYERS;
use crate::models::{CALLS_MAX, Network, model_spec};
use crate::objects::nearest;
use crate::{Error, Result};

/// The network that `config.json` describes.
pub(super) fn network(config: &Value) -> Result<Network> {
    let class = key(config, "class_name");
    match class.as_str() {
        Some(class) => network_of(class, key(config, "config")),
        None => Err(Error::config("config.json", "class_name", "a model", class)),
    }
}

/// The network of a model of a class; it may be a layer of another model.
pub(crate) fn network_of(class: &str, config: &Value) -> Result<Network> {
    match class {
        "Sequential" => sequential(config),
        "Functional" | "Model" if config.get("layers").is_some() => functional(config),
        other => Err(Error::config(
            "config.json",
            "class_name",
            "Sequential or Functional (a subclassed model needs its Python code)",
            other,
        )),
    }
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    key(value, name).as_str().unwrap_or_default()
}

pub(super) fn entries(config: &Value) -> Result<&[Value]> {
    key(config, "layers")
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| Error::config("config.json", "layers", "a list", key(config, "layers")))
}

pub(super) fn model_name<'a>(config: &'a Value, default: &'a str) -> &'a str {
    key(config, "name").as_str().unwrap_or(default)
}

fn sequential(config: &Value) -> Result<Network> {
    let mut input: Option<(Option<String>, Spec)> = None;
    let mut layers = Vec::new();
    let entries = entries(config)?;
    if entries.len() > CALLS_MAX {
        let expected = format!("at most {CALLS_MAX}");
        return Err(Error::config("config.json", "layers", expected, entries.len()));
    }
    for entry in entries {
        let inner = key(entry, "config");
        if text(entry, "class_name") == "InputLayer" {
            let name = key(inner, "name").as_str().map(str::to_owned);
            input = Some((name, input_spec(inner)?));
            continue;
        }
        if input.is_none() && layers.is_empty() && input_shape(inner).is_some() {
            input = Some((None, input_spec(inner)?));
        }
        layers.push(layer(entry)?);
    }
    let input = match input {
        Some(input) => input,
        None => (None, input_spec(&json!({"batch_shape": key(config, "build_input_shape")}))?),
    };
    let name = model_name(config, "sequential");
    crate::models::chain(name, (input.0.as_deref(), input.1), &layers)
}

fn input_shape(config: &Value) -> Option<&Value> {
    ["batch_shape", "batch_input_shape"]
        .iter()
        .find_map(|name| config.get(*name).filter(|shape| shape.is_array()))
}

/// The specification of an input layer; sizes other than the batch must be known.
pub(super) fn input_spec(config: &Value) -> Result<Spec> {
    let refuse = |received: &Value| {
        let expected = "[null, sizes…]: a batch of samples of known shape";
        Error::config("InputLayer", "batch_shape", expected, received)
    };
    let shape = input_shape(config).ok_or_else(|| refuse(config))?;
    let sizes = shape.as_array().map(Vec::as_slice).unwrap_or_default();
    let rest = sizes.get(1..).ok_or_else(|| refuse(shape))?;
    let sizes: Vec<usize> = rest
        .iter()
        .map(|size| size.as_u64().map(|size| size as usize))
        .collect::<Option<_>>()
        .ok_or_else(|| refuse(shape))?;
    rhyton_tensor::volume(&sizes)?;
    let dtype = match key(config, "dtype") {
        Value::String(name) => name.parse()?,
        Value::Object(policy) => {
            let name = policy.get("config").map(|config| text(config, "name"));
            name.unwrap_or("float32").parse()?
        }
        _ => DType::F32,
    };
    Ok(Spec::new(dtype, Shape::batched(&sizes)))
}

/// A layer from its entry, with its name and whether it trains.
pub(crate) fn layer(entry: &Value) -> Result<Arc<dyn Layer>> {
    let class = text(entry, "class_name");
    let Value::Object(mut config) = key(entry, "config").clone() else {
        return Err(Error::config(class, "config", "an object", key(entry, "config")));
    };
    let name = match config.shift_remove("name") {
        Some(Value::String(name)) => name,
        _ => text(entry, "name").to_owned(),
    };
    let trainable = config.shift_remove("trainable") != Some(Value::Bool(false));
    let dtype = DTypePolicy::read(&name, config.shift_remove("dtype").as_ref())?;
    for common in ["batch_shape", "batch_input_shape"] {
        config.shift_remove(common);
    }
    let registered = text(entry, "registered_name");
    let spec = find_layer(registered).or_else(|| find_layer(class)).or_else(|| LAYERS.find(class));
    let spec = spec.or_else(|| model_spec(class));
    let value = match spec {
        Some(spec) => (spec.from_config)(Value::Object(config)),
        None => return Err(unusable_layer(class, &name)),
    };
    let value = value.map_err(|e| e.within(name.clone()))?;
    if let Some(activation) = value.activation() {
        activation.check().map_err(|error| error.within(name.clone()))?;
    }
    Ok(value.changed(&|common| {
        common.name = Some(name.clone());
        common.trainable = trainable;
        common.dtype = dtype.clone();
    }))
}

fn unusable_layer(class: &str, name: &str) -> Error {
    if class == "Lambda" {
        let expected = "a layer that is data (Python code in a file is never run)";
        return Error::config(name, "class_name", expected, "Lambda");
    }
    if ABSENT.binary_search(&class).is_ok() {
        let expected = format!(
            "a layer that Rhyton has; `{class}` is one of Keras' that it has not, unless you register \
             one of your own under that name"
        );
        return Error::config(name, "class_name", expected, class);
    }
    let names = LAYERS.specs.iter().map(|spec| spec.class_name);
    Error::UnknownName {
        kind: "layer",
        name: class.to_owned(),
        owner: Some(name.to_owned()),
        nearest: nearest(class, names),
        fix: format!("custom_objects().layer(&{}_SPEC)?", class.to_uppercase()),
    }
}
