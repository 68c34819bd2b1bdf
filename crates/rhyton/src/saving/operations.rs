//! Operations between the layers of a model in a file: by their class, with their attributes.

use rhyton_graph::{Argument, Operation};
use rhyton_tensor::{Array, DType};
use serde_json::{Map, Value, json};

use super::reader::Callable;
use crate::activations::keras_knows;
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
        // Keras' `Sinc` and our `sinc` are two functions: only names that mean the same count.
        let name_of = rhyton_formats::snake_case(class);
        if !keras_knows(&name_of) {
            return Err(unknown_operation(class));
        }
        let mut activation =
            Activation::parse(&name_of).map_err(|_unknown| unknown_operation(class))?;
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
        Value::Object(_) => object(value)?,
    })
}

/// What Keras writes with a class of its own: arrays, slices, an ellipsis.
fn object(value: &Value) -> Result<Argument> {
    let config = super::key(value, "config");
    match super::key(value, "class_name").as_str() {
        Some("__numpy__" | "__tensor__") => Ok(Argument::Array(array(config)?)),
        Some("__ellipsis__") => Ok(Argument::Ellipsis),
        Some("__slice__") => {
            let end = |name| match super::key(config, name) {
                Value::Null => Ok(None),
                given => given.as_i64().map(Some).ok_or_else(|| {
                    Error::config("__slice__", name, "a whole number or null", given)
                }),
            };
            Ok(Argument::Slice([end("start")?, end("stop")?, end("step")?]))
        }
        _ => Err(Error::config("config.json", "args", "numbers, names and tensors", value)),
    }
}

/// Numbers in nested lists, as an array.
fn array(config: &Value) -> Result<Array> {
    let dtype: DType = super::key(config, "dtype").as_str().unwrap_or("float32").parse()?;
    let mut shape = Vec::new();
    let mut inner = super::key(config, "value");
    while let Value::Array(items) = inner {
        shape.push(items.len());
        inner = items.first().unwrap_or(&Value::Null);
    }
    let mut values = Vec::new();
    collect(super::key(config, "value"), &shape, &mut values)?;
    let array = if dtype.is_integer() {
        let whole: Option<Vec<i64>> = values.iter().map(|value| value.as_i64()).collect();
        let refuse = || Error::config("array", "value", format!("values of {dtype}"), "others");
        Array::from_slice(&shape, &whole.ok_or_else(refuse)?)?
    } else {
        let real: Vec<f64> = values.iter().map(|value| number(value)).collect::<Result<_>>()?;
        Array::from_slice(&shape, &real)?
    };
    Ok(array.cast(dtype))
}

/// The numbers of lists that are all of one shape.
fn collect<'a>(value: &'a Value, shape: &[usize], values: &mut Vec<&'a Value>) -> Result<()> {
    match (value, shape) {
        (Value::Array(items), [size, rest @ ..]) if items.len() == *size => {
            items.iter().try_for_each(|item| collect(item, rest, values))
        }
        (Value::Array(_), _) | (_, [_, ..]) => {
            Err(Error::config("array", "value", "lists of one length at each depth", value))
        }
        (number, []) => {
            values.push(number);
            Ok(())
        }
    }
}

fn number(value: &Value) -> Result<f64> {
    let named = || match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(name) => name.parse().ok(),
        _ => None,
    };
    value
        .as_f64()
        .or_else(named)
        .ok_or_else(|| Error::config("array", "value", "numbers in lists", value))
}

/// An array as Keras writes one.
pub(super) fn array_entry(array: &Array) -> Value {
    let values = array.to_f64();
    let whole = array.dtype().is_integer();
    let leaf = |value: f64| match array.dtype() {
        DType::Bool => json!(value != 0.0),
        _ if whole => json!(value as i64),
        _ => json!(value),
    };
    let mut level: Vec<Value> = values.into_iter().map(leaf).collect();
    for (axis, &size) in array.shape().iter().enumerate().rev() {
        let rows: usize = array.shape()[..axis].iter().product();
        let mut items = level.into_iter();
        level = (0..rows).map(|_| items.by_ref().take(size).collect()).collect();
    }
    let value = level.into_iter().next().unwrap_or(Value::Null);
    json!({"class_name": "__numpy__", "config": {"value": value, "dtype": array.dtype().name()}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<Argument> {
        constant(&json!({"class_name": "__numpy__", "config": value}))
    }

    #[test]
    fn arrays_are_written_as_they_were_read() {
        for value in [
            json!({"value": [[1.5, -2.0], [0.0, 3.25], [4.0, 5.0]], "dtype": "float32"}),
            json!({"value": [[[1], [2]]], "dtype": "int64"}),
            json!({"value": [true, false], "dtype": "bool"}),
            json!({"value": 2.5, "dtype": "float32"}),
        ] {
            let Argument::Array(array) = read(&value).unwrap() else { panic!("{value}") };
            assert_eq!(array_entry(&array)["config"], value);
        }
    }

    #[test]
    fn uneven_lists_and_other_values_are_refused() {
        for value in [
            json!({"value": [[1.0], [1.0, 2.0]], "dtype": "float32"}),
            json!({"value": [1.0, [2.0]], "dtype": "float32"}),
            json!({"value": ["many"], "dtype": "float32"}),
            json!({"value": [1.5], "dtype": "int32"}),
            json!({"value": [1.0], "dtype": "complex"}),
            json!({}),
        ] {
            assert!(read(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn slices_and_ellipses_are_read() {
        let slice =
            json!({"class_name": "__slice__", "config": {"start": 1, "stop": null, "step": -2}});
        assert!(matches!(constant(&slice).unwrap(), Argument::Slice([Some(1), None, Some(-2)])));
        let ellipsis = json!({"class_name": "__ellipsis__", "config": {}});
        assert!(matches!(constant(&ellipsis).unwrap(), Argument::Ellipsis));
        let odd = json!({"class_name": "__slice__", "config": {"start": "a"}});
        assert!(constant(&odd).is_err());
    }
}
