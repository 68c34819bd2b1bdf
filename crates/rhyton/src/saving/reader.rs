//! A functional model from its layers and their calls, in an order in which everything a call needs
//! has been made.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use rhyton_graph::{Argument, Arguments, Operation, Tensor};
use serde_json::{Map, Value, json};

use super::key;
use super::operations::{constant, operation};
use super::read::{entries, input_spec, layer, model_name, text};
use crate::layer::{CallOptions, Layer, record};
use crate::models::{CALLS_MAX, Kind, ModelLayer, Network};
use crate::{Error, Result};

/// The network of a functional model's configuration.
pub(super) fn functional(config: &Value) -> Result<Network> {
    let mut reader = Reader::default();
    for entry in entries(config)? {
        reader.declare(entry)?;
    }
    reader.find_needs()?;
    reader.call_all()?;
    let inputs = reader.ends(key(config, "input_layers"), "input_layers")?;
    let outputs = reader.ends(key(config, "output_layers"), "output_layers")?;
    let name = model_name(config, "functional");
    let network = crate::models::collect(name, &inputs, &outputs, &reader.operations)?;
    Ok(Network { kind: Kind::Functional, ..network })
}

/// A call of a callee, by their numbers.
type CallPlace = (usize, usize);

#[derive(Default)]
struct Reader<'a> {
    callees: Vec<Reading<'a>>,
    by_name: BTreeMap<String, usize>,
    /// The calls so far, of all callees.
    calls: usize,
    /// For each call, the calls that read its results: once for each reading.
    readers: HashMap<CallPlace, Vec<CallPlace>>,
    /// The names of operations, by the serial numbers of their steps.
    operations: HashMap<u64, String>,
}

/// A layer, operation or input of the file, and the results of its calls so far.
struct Reading<'a> {
    name: String,
    kind: Callable,
    calls: Vec<PendingCall<'a>>,
    results: Vec<Vec<Tensor>>,
}

struct PendingCall<'a> {
    node: &'a Value,
    /// How many results that it reads are still to be made.
    missing: usize,
}

/// What a file's entry calls.
pub(super) enum Callable {
    Input,
    Layer(Arc<dyn Layer>),
    Operation(&'static Operation, Vec<(&'static str, Argument)>),
}

impl<'a> Reader<'a> {
    fn declare(&mut self, entry: &'a Value) -> Result<()> {
        let (class, config) = (text(entry, "class_name"), key(entry, "config"));
        let name = match key(entry, "name").as_str() {
            Some(name) => name.to_owned(),
            None => text(config, "name").to_owned(),
        };
        let mut results = Vec::new();
        let kind = if class == "InputLayer" {
            results.push(vec![Tensor::input(Some(name.clone()), input_spec(config)?)]);
            Callable::Input
        } else if text(entry, "module").starts_with("keras.src.ops") {
            operation(class, config, &name).map_err(|error| error.within(name.clone()))?
        } else {
            Callable::Layer(layer(entry)?)
        };
        let nodes = key(entry, "inbound_nodes").as_array().map_or(&[][..], Vec::as_slice);
        let nodes = if results.is_empty() { nodes } else { &[] };
        self.calls += nodes.len().max(1);
        if self.calls > CALLS_MAX {
            let expected = format!("at most {CALLS_MAX} layers and calls");
            return Err(Error::config("config.json", "layers", expected, "more"));
        }
        let calls = nodes.iter().map(|node| PendingCall { node, missing: 0 }).collect();
        if self.by_name.insert(name.clone(), self.callees.len()).is_some() {
            let expected = "a name for each layer that no other has";
            let received = format!("`{name}` twice");
            return Err(Error::config("config.json", "layers", expected, received));
        }
        self.callees.push(Reading { name, kind, calls, results });
        Ok(())
    }

    /// Finds which calls each call waits for: those whose results it reads, and its callee's last.
    fn find_needs(&mut self) -> Result<()> {
        for place in 0..self.callees.len() {
            for number in 0..self.callees[place].calls.len() {
                let mut needs = Vec::new();
                if number > 0 {
                    needs.push((place, number - 1));
                }
                let mut unknown = None;
                visit_tensors(self.callees[place].calls[number].node, &mut |tensor| match self
                    .call_of(tensor)
                {
                    Some(call) => needs.push(call),
                    None => unknown = Some(tensor),
                });
                if let Some(tensor) = unknown {
                    let history = key(key(tensor, "config"), "keras_history");
                    let expected = "[name, call, result] of a call in the file";
                    let error = Error::config("inbound_nodes", "keras_history", expected, history);
                    return Err(error.within(self.callees[place].name.clone()));
                }
                needs.retain(|&(callee, _)| !matches!(self.callees[callee].kind, Callable::Input));
                self.callees[place].calls[number].missing = needs.len();
                for need in needs {
                    self.readers.entry(need).or_default().push((place, number));
                }
            }
        }
        Ok(())
    }

    /// The call whose result a tensor of the file is, if there is one.
    fn call_of(&self, tensor: &Value) -> Option<CallPlace> {
        let history = key(key(tensor, "config"), "keras_history").as_array()?;
        let place = *self.by_name.get(history.first()?.as_str()?)?;
        let call = history.get(1)?.as_u64()? as usize;
        let callee = &self.callees[place];
        let there = matches!(callee.kind, Callable::Input) || call < callee.calls.len();
        there.then_some((place, call))
    }

    fn call_all(&mut self) -> Result<()> {
        let mut ready: VecDeque<CallPlace> = VecDeque::new();
        for (place, callee) in self.callees.iter().enumerate() {
            let calls = callee.calls.iter().enumerate();
            ready.extend(calls.filter(|(_, call)| call.missing == 0).map(|(i, _)| (place, i)));
        }
        while let Some((place, number)) = ready.pop_front() {
            let node = self.callees[place].calls[number].node;
            let results = self.call(place, node)?;
            self.callees[place].results.push(results);
            for (reader, call) in self.readers.remove(&(place, number)).unwrap_or_default() {
                let pending = &mut self.callees[reader].calls[call];
                pending.missing -= 1;
                if pending.missing == 0 {
                    ready.push_back((reader, call));
                }
            }
        }
        let waits = |callee: &&Reading<'_>| callee.results.len() < callee.calls.len();
        match self.callees.iter().find(waits) {
            None => Ok(()),
            Some(callee) => {
                let expected = "calls whose tensors exist";
                Err(Error::config("config.json", "inbound_nodes", expected, &callee.name))
            }
        }
    }

    fn tensor(&self, value: &Value) -> Option<&Tensor> {
        self.result(key(key(value, "config"), "keras_history"))
    }

    /// The tensor of `[name, call, result]`.
    fn result(&self, history: &Value) -> Option<&Tensor> {
        let history = history.as_array()?;
        let callee = &self.callees[*self.by_name.get(history.first()?.as_str()?)?];
        let results = callee.results.get(history.get(1)?.as_u64()? as usize)?;
        results.get(history.get(2)?.as_u64()? as usize)
    }

    fn call(&mut self, place: usize, node: &Value) -> Result<Vec<Tensor>> {
        let name = self.callees[place].name.clone();
        let results = match &self.callees[place].kind {
            Callable::Input => Err(Error::config(&name, "inbound_nodes", "none", node)),
            Callable::Layer(layer) => self.call_layer(layer, node),
            Callable::Operation(operation, attributes) => {
                self.call_operation(operation, attributes, node)
            }
        };
        let results = results.map_err(|error| error.within(name.clone()))?;
        if let (Callable::Operation(..), Some(recorded)) =
            (&self.callees[place].kind, results.first().and_then(Tensor::recorded))
        {
            self.operations.insert(recorded.step.serial, name);
        }
        Ok(results)
    }

    fn call_layer(&self, layer: &Arc<dyn Layer>, node: &Value) -> Result<Vec<Tensor>> {
        let empty = Map::new();
        let kwargs = key(node, "kwargs").as_object().unwrap_or(&empty);
        let args = key(node, "args").as_array().map_or(&[][..], Vec::as_slice);
        let mut inputs = Vec::new();
        for argument in args.iter().chain(kwargs.get("inputs")) {
            self.inputs_of(argument, &mut inputs)?;
        }
        let mut named = Vec::new();
        let mut training = None;
        for (name, value) in kwargs.iter().filter(|(name, _)| *name != "inputs") {
            let of_model = name == "mask" && ModelLayer::of(&**layer).is_some();
            match value {
                _ if is_nothing(value) => {}
                Value::Bool(flag) if name == "training" => training = Some(*flag),
                // The masks that come with a model's inputs: they are found again here.
                Value::Array(_) if of_model => {}
                _ => match self.tensor(value) {
                    Some(tensor) => named.push((name.as_str(), tensor)),
                    None => return Err(Error::config("call", name, "a tensor or null", value)),
                },
            }
        }
        if inputs.is_empty() {
            return Err(Error::config("call", "args", "tensors", node));
        }
        let options = CallOptions { arguments: &named, training };
        record(Arc::clone(layer), layer.common().identity(), &inputs, options)
    }

    /// The tensors of a positional argument: one, or a list; anything else but null is refused.
    fn inputs_of<'b>(&'b self, value: &Value, inputs: &mut Vec<&'b Tensor>) -> Result<()> {
        match value {
            Value::Null => Ok(()),
            Value::Array(items) => items.iter().try_for_each(|item| self.inputs_of(item, inputs)),
            _ => {
                let refuse = || Error::config("call", "args", "tensors", value);
                inputs.push(self.tensor(value).ok_or_else(refuse)?);
                Ok(())
            }
        }
    }

    fn call_operation(
        &self,
        operation: &'static Operation,
        attributes: &[(&'static str, Argument)],
        node: &Value,
    ) -> Result<Vec<Tensor>> {
        let empty = Map::new();
        let kwargs = key(node, "kwargs").as_object().unwrap_or(&empty);
        let args = key(node, "args").as_array().map_or(&[][..], Vec::as_slice);
        let mut positional =
            args.iter().map(|value| self.argument(value)).collect::<Result<Vec<_>>>()?;
        let mut named: Vec<(usize, &Value)> = Vec::new();
        for (name, value) in kwargs {
            let place = PLACES.iter().find(|(known, _)| known == name);
            let Some((_, place)) = place else {
                let known: Vec<&str> = PLACES.iter().map(|(name, _)| *name).collect();
                let expected = format!("arguments by position, or {}", known.join(", "));
                return Err(Error::config("call", "kwargs", expected, format!("`{name}`")));
            };
            named.push((*place, value));
        }
        named.sort_by_key(|(place, _)| *place);
        for (place, value) in named {
            if place != positional.len() {
                let expected = format!("{place} before those that are named");
                return Err(Error::config("call", "kwargs", expected, positional.len()));
            }
            positional.push(self.argument(value)?);
        }
        let attributes = attributes.to_vec();
        Ok(operation.apply_all(Arguments { positional, attributes })?)
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
            Value::Object(named) => {
                // Keras lists what a dictionary names in the order of the names.
                let sorted: BTreeMap<&String, &Value> = named.iter().collect();
                sorted.into_values().collect()
            }
            _ => return Err(refuse()),
        };
        if list.is_empty() {
            return Err(refuse());
        }
        list.into_iter().map(|end| self.end(end).cloned().ok_or_else(refuse)).collect()
    }

    /// The tensor of a model's input or output. Here, though not between calls, Keras counts the
    /// calls of a functional model in the model from 1.
    fn end(&self, history: &Value) -> Option<&Tensor> {
        let callee = &self.callees[*self.by_name.get(history.get(0)?.as_str()?)?];
        let Callable::Layer(layer) = &callee.kind else { return self.result(history) };
        let call = history.get(1)?.as_u64()?.saturating_sub(calls_before(&**layer) as u64);
        self.result(&json!([callee.name, call, history.get(2)?]))
    }
}

/// Where the arguments of operations stand that Keras' functions give by name.
const PLACES: &[(&str, usize)] = &[("x", 0), ("x1", 0), ("x2", 1), ("weights", 1)];

/// How many calls of a layer a model's outputs count before the first: a functional model has one
/// from its construction.
pub(super) fn calls_before(layer: &dyn Layer) -> usize {
    let nested = ModelLayer::of(layer);
    usize::from(nested.is_some_and(|model| matches!(model.network().kind, Kind::Functional)))
}

/// Null, or a list of nulls.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_nothing),
        other => other.is_null(),
    }
}

fn visit_tensors<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    match value {
        Value::Object(_) if text(value, "class_name") == "__keras_tensor__" => visit(value),
        Value::Object(object) => object.values().for_each(|inner| visit_tensors(inner, visit)),
        Value::Array(items) => items.iter().for_each(|inner| visit_tensors(inner, visit)),
        _ => {}
    }
}
