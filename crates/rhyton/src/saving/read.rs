//! A network from Keras' configuration, by any version's dialect.

use std::collections::BTreeMap;

use rhyton_graph::{Argument, Arguments, Operation, Shape, Spec, Tensor};
use rhyton_tensor::DType;
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::key;
use crate::activations::{ACTIVATIONS, find_layer};
use crate::layer::{Apply, Layer};
use crate::layers::{ActivationLayer, LAYERS};
use crate::models::{Kind, Network};
use crate::objects::nearest;
use crate::{Activation, Error, Result};

/// Attributes of operations that files may name.
const ATTRIBUTES: &[&str] = &["axis", "axes", "keepdims", "newshape", "dtype"];

/// The network that `config.json` describes.
pub(super) fn network(config: &Value) -> Result<Network> {
    let inner = key(config, "config");
    match key(config, "class_name").as_str() {
        Some("Sequential") => sequential(inner),
        Some("Functional" | "Model") if inner.get("layers").is_some() => functional(inner),
        Some(other) => Err(Error::config(
            "config.json",
            "class_name",
            "Sequential or Functional (a subclassed model needs its Python code)",
            other,
        )),
        None => {
            Err(Error::config("config.json", "class_name", "a model", key(config, "class_name")))
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    key(value, name).as_str().unwrap_or_default()
}

fn entries(config: &Value) -> Result<&[Value]> {
    key(config, "layers")
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| Error::config("config.json", "layers", "a list", key(config, "layers")))
}

fn model_name<'a>(config: &'a Value, default: &'a str) -> &'a str {
    key(config, "name").as_str().unwrap_or(default)
}

fn sequential(config: &Value) -> Result<Network> {
    let mut input: Option<(Option<String>, Spec)> = None;
    let mut layers = Vec::new();
    for entry in entries(config)? {
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
fn input_spec(config: &Value) -> Result<Spec> {
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
fn layer(entry: &Value) -> Result<Arc<dyn Layer>> {
    let class = text(entry, "class_name");
    let Value::Object(mut config) = key(entry, "config").clone() else {
        return Err(Error::config(class, "config", "an object", key(entry, "config")));
    };
    let name = match config.shift_remove("name") {
        Some(Value::String(name)) => name,
        _ => text(entry, "name").to_owned(),
    };
    let trainable = config.shift_remove("trainable") != Some(Value::Bool(false));
    check_dtype(&name, config.shift_remove("dtype").as_ref())?;
    for common in ["batch_shape", "batch_input_shape"] {
        config.shift_remove(common);
    }
    let registered = text(entry, "registered_name");
    let spec = find_layer(registered).or_else(|| find_layer(class)).or_else(|| LAYERS.find(class));
    let value = match spec {
        Some(spec) => (spec.from_config)(Value::Object(config)),
        None if is_layer_of_activation(class) => activation_layer(class, config),
        None => return Err(unusable_layer(class, &name)),
    };
    let value = value.map_err(|e| e.within(name.clone()))?;
    if let Some(activation) = value.activation() {
        activation.definition().map_err(|error| error.within(name.clone()))?;
    }
    Ok(value.renamed(&name, trainable))
}

/// Whether Keras has this layer for a built-in activation, as `ReLU`: what it writes where
/// `activations.relu` with arguments is called on a tensor.
fn is_layer_of_activation(class: &str) -> bool {
    ACTIVATIONS.iter().any(|builtin| builtin.keras_layer.is_some_and(|(name, _)| name == class))
}

fn activation_layer(class: &str, config: Map<String, Value>) -> Result<Arc<dyn Layer>> {
    let form = json!({"class_name": class, "config": Value::Object(config)});
    let activation: Activation = serde_json::from_value(form)
        .map_err(|error| Error::config(class, "config", "its keys and values", error))?;
    Ok(Arc::new(ActivationLayer::new(activation)))
}

fn unusable_layer(class: &str, name: &str) -> Error {
    if class == "Lambda" {
        let expected = "a layer that is data (Python code in a file is never run)";
        return Error::config(name, "class_name", expected, "Lambda");
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

/// Only float32 is computed by now; a policy that says otherwise is refused.
fn check_dtype(layer: &str, dtype: Option<&Value>) -> Result<()> {
    let name = match dtype {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(name)) => name.as_str(),
        Some(policy) => text(key(policy, "config"), "name"),
    };
    if name == "float32" {
        return Ok(());
    }
    Err(Error::config(layer, "dtype", "float32", name))
}

/// Rebuilds a functional model by calling its layers and operations on recorded tensors, in an
/// order in which everything a call needs has been made.
fn functional(config: &Value) -> Result<Network> {
    let mut reader = Reader::default();
    for entry in entries(config)? {
        reader.declare(entry)?;
    }
    reader.call_all()?;
    let inputs = reader.ends(key(config, "input_layers"), "input_layers")?;
    let outputs = reader.ends(key(config, "output_layers"), "output_layers")?;
    let name = model_name(config, "functional");
    let network = crate::models::collect(name, &inputs, &outputs)?;
    Ok(Network { kind: Kind::Functional, ..network })
}

#[derive(Default)]
struct Reader {
    callees: Vec<Reading>,
    by_name: BTreeMap<String, usize>,
}

/// A layer, operation or input of the file, and the results of its calls so far.
struct Reading {
    name: String,
    kind: Callable,
    pending: Vec<Value>,
    results: Vec<Tensor>,
}

enum Callable {
    Input,
    Layer(Arc<dyn Layer>),
    Operation(&'static Operation, Vec<(&'static str, Argument)>),
}

impl Reader {
    fn declare(&mut self, entry: &Value) -> Result<()> {
        let (class, config) = (text(entry, "class_name"), key(entry, "config"));
        let name = match key(entry, "name").as_str() {
            Some(name) => name.to_owned(),
            None => text(config, "name").to_owned(),
        };
        let nodes = key(entry, "inbound_nodes").as_array().cloned().unwrap_or_default();
        let mut results = Vec::new();
        let kind = if class == "InputLayer" {
            results.push(Tensor::input(Some(name.clone()), input_spec(config)?));
            Callable::Input
        } else if text(entry, "module").starts_with("keras.src.ops") {
            operation(class, config).map_err(|error| error.within(name.clone()))?
        } else {
            Callable::Layer(layer(entry)?)
        };
        let pending = if results.is_empty() { nodes } else { Vec::new() };
        if self.by_name.insert(name.clone(), self.callees.len()).is_some() {
            let expected = "a name for each layer that no other has";
            return Err(Error::config(
                "config.json",
                "layers",
                expected,
                format!("`{name}` twice"),
            ));
        }
        self.callees.push(Reading { name, kind, pending, results });
        Ok(())
    }

    /// Calls in rounds: each round makes every call whose tensors are there.
    fn call_all(&mut self) -> Result<()> {
        loop {
            let mut made = 0;
            let mut open = None;
            for place in 0..self.callees.len() {
                while let Some(node) = self.callees[place].pending.first().cloned() {
                    if !self.ready(&node) {
                        open = Some(place);
                        break;
                    }
                    let result = self.call(place, &node)?;
                    self.callees[place].pending.remove(0);
                    self.callees[place].results.push(result);
                    made += 1;
                }
            }
            match open {
                None => return Ok(()),
                Some(place) if made == 0 => {
                    let expected = "calls whose tensors exist";
                    let name = &self.callees[place].name;
                    return Err(Error::config("config.json", "inbound_nodes", expected, name));
                }
                Some(_) => {}
            }
        }
    }

    fn ready(&self, node: &Value) -> bool {
        let mut all = true;
        visit_tensors(node, &mut |tensor| all &= self.tensor(tensor).is_some());
        all
    }

    fn tensor(&self, value: &Value) -> Option<&Tensor> {
        self.result(key(key(value, "config"), "keras_history"))
    }

    /// The tensor of `[name, call, result]`.
    fn result(&self, history: &Value) -> Option<&Tensor> {
        let history = history.as_array()?;
        let callee = &self.callees[*self.by_name.get(history.first()?.as_str()?)?];
        let call = history.get(1)?.as_u64()? as usize;
        callee.results.get(call).filter(|_| history.get(2).and_then(Value::as_u64) == Some(0))
    }

    fn call(&self, place: usize, node: &Value) -> Result<Tensor> {
        let callee = &self.callees[place];
        let args = key(node, "args").as_array().cloned().unwrap_or_default();
        let empty = Map::new();
        let kwargs = key(node, "kwargs").as_object().unwrap_or(&empty);
        let tensor = match &callee.kind {
            Callable::Input => {
                return Err(Error::config(&callee.name, "inbound_nodes", "none", node));
            }
            Callable::Layer(layer) => {
                let mut inputs = Vec::new();
                for argument in args.iter().chain(kwargs.get("inputs")) {
                    visit_tensors(argument, &mut |tensor| inputs.extend(self.tensor(tensor)));
                }
                let mut named = Vec::new();
                for (name, value) in kwargs.iter().filter(|(name, _)| *name != "inputs") {
                    if let Some(tensor) = self.tensor(value) {
                        named.push((name.as_str(), tensor));
                    }
                }
                if inputs.is_empty() {
                    return Err(Error::config(&callee.name, "args", "tensors", node));
                }
                layer.apply_with(&inputs, &named)
            }
            Callable::Operation(operation, attributes) => {
                let mut positional =
                    args.iter().map(|value| self.argument(value)).collect::<Result<Vec<_>>>()?;
                for value in kwargs.values() {
                    positional.push(self.argument(value)?);
                }
                operation.apply(Arguments { positional, attributes: attributes.clone() })
            }
        };
        tensor.checked().map_err(|error| Error::from(error).within(callee.name.clone()))
    }

    fn argument(&self, value: &Value) -> Result<Argument> {
        if key(value, "class_name").as_str() == Some("__keras_tensor__") {
            return match self.tensor(value) {
                Some(tensor) => Ok(Argument::Tensor(tensor.clone())),
                None => Err(Error::config("config.json", "keras_history", "a known tensor", value)),
            };
        }
        match value {
            Value::Array(items) => Ok(Argument::List(
                items.iter().map(|item| self.argument(item)).collect::<Result<_>>()?,
            )),
            other => constant(other),
        }
    }

    /// The tensors that a model's inputs or outputs name: `["x", 0, 0]` or a list of such.
    fn ends(&self, value: &Value, which: &str) -> Result<Vec<Tensor>> {
        let refuse =
            || Error::config("config.json", which, "[name, call, result] or a list of such", value);
        let list = match value {
            Value::Array(items) if items.first().is_some_and(Value::is_string) => vec![value],
            Value::Array(items) => items.iter().collect(),
            Value::Object(named) => named.values().collect(),
            _ => return Err(refuse()),
        };
        list.into_iter().map(|end| self.result(end).cloned().ok_or_else(refuse)).collect()
    }
}

fn visit_tensors<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    match value {
        Value::Object(object) if text(value, "class_name") == "__keras_tensor__" => {
            debug_assert!(!object.is_empty());
            visit(value);
        }
        Value::Object(object) => object.values().for_each(|inner| visit_tensors(inner, visit)),
        Value::Array(items) => items.iter().for_each(|inner| visit_tensors(inner, visit)),
        _ => {}
    }
}

/// An operation by its class; one that Keras has for an activation becomes that activation.
fn operation(class: &str, config: &Value) -> Result<Callable> {
    let empty = Map::new();
    let config = config.as_object().unwrap_or(&empty);
    let given = config.iter().filter(|(name, _)| *name != "name");
    let Some(operation) = Operation::find(class) else {
        let mut activation = Activation::parse(&rhyton_formats::snake_case(class))
            .map_err(|_unknown| unknown_operation(class))?;
        for (name, value) in given.filter(|(_, value)| !value.is_null()) {
            let number = value.as_f64().or_else(|| value.as_bool().map(|b| f64::from(u8::from(b))));
            let number = number.ok_or_else(|| Error::config(class, name, "a number", value))?;
            activation = activation.with(name, number)?;
        }
        return Ok(Callable::Layer(ActivationLayer::new(activation).to_named(class)));
    };
    let mut attributes = Vec::new();
    for (name, value) in given {
        let known = ATTRIBUTES.iter().find(|known| *known == name);
        match known {
            Some(known) => attributes.push((*known, constant(value)?)),
            None if value.is_null() => {}
            None => {
                let expected = format!("one of {}", ATTRIBUTES.join(", "));
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

fn constant(value: &Value) -> Result<Argument> {
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

impl ActivationLayer {
    /// The layer as a value behind a pointer, named after an operation's class.
    fn to_named(&self, class: &str) -> Arc<dyn Layer> {
        crate::layer::LayerValue::renamed(self, &rhyton_formats::snake_case(class), true)
    }
}
