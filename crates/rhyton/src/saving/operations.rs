//! Operations between the layers of a model in a file: by their class, with their attributes.

use rhyton_graph::{Argument, Operation};
use serde_json::{Map, Value};

use super::reader::Callable;
use crate::layer::LayerValue;
use crate::layers::ActivationLayer;
use crate::objects::nearest;
use crate::{Activation, Error, Result};

/// An operation by its class; one that Keras has for an activation becomes that activation.
pub(super) fn operation(class: &str, config: &Value, name: &str) -> Result<Callable> {
    let empty = Map::new();
    let config = config.as_object().unwrap_or(&empty);
    let given = config.iter().filter(|(key, _)| *key != "name");
    let Some(operation) = Operation::find(class) else {
        let mut activation = Activation::parse(&rhyton_formats::snake_case(class))
            .map_err(|_unknown| unknown_operation(class))?;
        for (key, value) in given.filter(|(_, value)| !value.is_null()) {
            let number = value.as_f64().or_else(|| value.as_bool().map(|b| f64::from(u8::from(b))));
            let number = number.ok_or_else(|| Error::config(class, key, "a number", value))?;
            activation = activation.with(key, number)?;
        }
        let layer = ActivationLayer::new(activation);
        return Ok(Callable::Layer(LayerValue::renamed(&layer, name, true)));
    };
    let mut attributes = Vec::new();
    for (name, value) in given {
        let known = rhyton_graph::OPERATION_ATTRIBUTES.iter().find(|known| *known == name);
        match known {
            Some(known) => attributes.push((*known, constant(value)?)),
            None if value.is_null() => {}
            None => {
                let expected = format!("one of {}", rhyton_graph::OPERATION_ATTRIBUTES.join(", "));
                return Err(Error::config(class, "attribute", expected, name));
            }
        }
    }
    Ok(Callable::Operation(operation, attributes))
}

fn unknown_operation(class: &str) -> Error {
    let names: Vec<&str> = rhyton_graph::OPERATIONS
        .iter()
        .flat_map(|list| list.iter())
        .map(|op| op.class_name)
        .collect();
    Error::UnknownName {
        kind: "operation",
        name: class.to_owned(),
        owner: None,
        nearest: nearest(class, names),
        fix: String::new(),
    }
}

/// A constant argument of an operation.
pub(super) fn constant(value: &Value) -> Result<Argument> {
    Ok(match value {
        Value::Null => Argument::None,
        Value::Bool(flag) => Argument::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Argument::Integer(whole),
            None => Argument::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Argument::Text(text.clone()),
        Value::Array(items) => Argument::List(items.iter().map(constant).collect::<Result<_>>()?),
        Value::Object(_) => {
            return Err(Error::config("config.json", "args", "numbers, names and tensors", value));
        }
    })
}
