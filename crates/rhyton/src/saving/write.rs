//! The configuration of a model in the dialect that every Keras since 3.0 reads: defaults are
//! omitted, element types are plain names.

use std::collections::BTreeSet;

use rhyton_graph::{Argument, Arguments, Spec};
use serde_json::{Map, Value, json};

use super::operations::array_entry;
use super::order::{Callee, Calls, callees};
use super::reader::calls_before;
use super::suited;
use crate::layer::Layer;
use crate::models::{Kind, Model, ModelLayer, Network, Slot, StepAction};

/// `config.json`, without the compile configuration.
pub(super) fn config(model: &Model) -> Value {
    model_entry(&model.network, model.name(), false)
}

/// The configuration of a model as a layer of another, without its name.
pub(crate) fn config_of(network: &Network) -> Map<String, Value> {
    match model_entry(network, &network.name, false) {
        Value::Object(mut entry) => match entry.shift_remove("config") {
            Some(Value::Object(mut config)) => {
                config.shift_remove("name");
                config.shift_remove("trainable");
                config
            }
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

/// A model under a name; in a frozen one all layers are written as frozen, since Keras reads no
/// `trainable` of a `Sequential`.
fn model_entry(network: &Network, name: &str, frozen: bool) -> Value {
    match network.kind {
        Kind::Sequential => sequential(network, name, frozen),
        Kind::Functional => functional(network, name, frozen),
    }
}

fn sequential(network: &Network, name: &str, frozen: bool) -> Value {
    let input = network.inputs[0];
    let shape = shape_of(&network.steps[input].outputs[0]);
    let mut layers = vec![input_entry(network, input)];
    layers.extend(network.layers.iter().map(|layer| layer_entry(&**layer, frozen)));
    let mut config = Map::new();
    config.insert("name".to_owned(), json!(name));
    if frozen {
        config.insert("trainable".to_owned(), json!(false));
    }
    config.insert("layers".to_owned(), Value::Array(layers));
    config.insert("build_input_shape".to_owned(), shape.clone());
    json!({
        "module": "keras",
        "class_name": "Sequential",
        "config": config,
        "registered_name": null,
        "build_config": {"input_shape": shape},
    })
}

fn functional(network: &Network, name: &str, frozen: bool) -> Value {
    let nodes = Nodes { network, calls: Calls::of(network) };
    let inputs: BTreeSet<usize> = network.inputs.iter().copied().collect();
    let layers: Vec<Value> = callees(network)
        .into_iter()
        .map(|which| {
            let mut entry = match which {
                Callee::Layer(layer) => layer_entry(&*network.layers[layer], frozen),
                Callee::Step(step) if inputs.contains(&step) => input_entry(network, step),
                Callee::Step(step) => operation_entry(network, step),
            };
            entry["name"] = entry["config"]["name"].clone();
            entry["inbound_nodes"] = Value::Array(nodes.of(which));
            entry
        })
        .collect();
    let ends = |slots: Vec<Slot>| {
        let mut list: Vec<Value> = slots.into_iter().map(|slot| nodes.end(slot)).collect();
        if list.len() == 1 { list.remove(0) } else { Value::Array(list) }
    };
    let inputs = network.inputs.iter().map(|&step| Slot { step, index: 0 }).collect();
    json!({
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": name,
            "trainable": !frozen,
            "layers": layers,
            "input_layers": ends(inputs),
            "output_layers": ends(network.outputs.clone()),
        },
        "registered_name": "Functional",
        "build_config": {"input_shape": null},
    })
}

fn shape_of(spec: &Spec) -> Value {
    spec.shape.iter().map(|dim| dim.fixed_size().map_or(Value::Null, |size| json!(size))).collect()
}

fn input_entry(network: &Network, step: usize) -> Value {
    let step = &network.steps[step];
    json!({
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {
            "batch_input_shape": shape_of(&step.outputs[0]),
            "dtype": step.outputs[0].dtype.name(),
            "name": step.name,
        },
        "registered_name": null,
    })
}

fn layer_entry(layer: &dyn Layer, frozen: bool) -> Value {
    let frozen = frozen || !layer.common().trainable;
    if let Some(nested) = ModelLayer::of(layer) {
        return model_entry(nested.network(), &layer.label(), frozen);
    }
    let spec = layer.spec();
    let mut config = Map::new();
    config.insert("name".to_owned(), json!(layer.label()));
    if frozen {
        config.insert("trainable".to_owned(), json!(false));
    }
    config.insert("dtype".to_owned(), json!(layer.common().dtype.name()));
    config.extend(suited::config(layer));
    let registered =
        if spec.module.starts_with("keras.") { Value::Null } else { json!(spec.class_name) };
    json!({
        "module": spec.module,
        "class_name": spec.class_name,
        "config": config,
        "registered_name": registered,
    })
}

fn operation_entry(network: &Network, step: usize) -> Value {
    let StepAction::Operation { operation, arguments, .. } = &network.steps[step].action else {
        return Value::Null;
    };
    let mut config = Map::new();
    config.insert("name".to_owned(), json!(network.steps[step].name));
    let mut none = || Value::Null;
    for (name, argument) in &arguments.attributes {
        config.insert((*name).to_owned(), plain(argument, &mut none));
    }
    json!({
        "module": operation.module,
        "class_name": operation.class_name,
        "config": config,
        "registered_name": operation.class_name,
    })
}

/// An argument as JSON; `tensor` gives the form of the next tensor.
fn plain(argument: &Argument, tensor: &mut dyn FnMut() -> Value) -> Value {
    match argument {
        Argument::None => Value::Null,
        Argument::Bool(flag) => json!(flag),
        Argument::Integer(number) => json!(number),
        Argument::Number(number) => json!(number),
        Argument::Text(text) => json!(text),
        Argument::List(items) => items.iter().map(|item| plain(item, tensor)).collect(),
        Argument::Tensor(_) => tensor(),
        Argument::Array(array) => array_entry(array),
        Argument::Slice([start, stop, step]) => {
            let config = json!({"start": start, "stop": stop, "step": step});
            json!({"class_name": "__slice__", "config": config})
        }
        Argument::Ellipsis => json!({"class_name": "__ellipsis__", "config": {}}),
    }
}

/// The calls of a functional model, as files list them.
struct Nodes<'a> {
    network: &'a Network,
    calls: Calls,
}

impl Nodes<'_> {
    /// `["dense", 0, 0]`: the step's name, which call, which result.
    fn history(&self, slot: Slot) -> Value {
        json!([self.network.steps[slot.step].name, self.calls.numbers[slot.step], slot.index])
    }

    /// As [`Nodes::history`], for an output of the model.
    fn end(&self, slot: Slot) -> Value {
        let before = match &self.network.steps[slot.step].action {
            StepAction::Layer { layer, .. } => calls_before(&*self.network.layers[*layer]),
            _ => 0,
        };
        let call = self.calls.numbers[slot.step] + before;
        json!([self.network.steps[slot.step].name, call, slot.index])
    }

    fn tensor(&self, slot: Slot) -> Value {
        let spec = self.network.spec(slot);
        json!({
            "class_name": "__keras_tensor__",
            "config": {
                "shape": shape_of(spec),
                "dtype": spec.dtype.name(),
                "keras_history": self.history(slot),
            },
        })
    }

    /// One entry for each call.
    fn of(&self, which: Callee) -> Vec<Value> {
        let steps = self.calls.steps(which).iter();
        steps
            .filter_map(|&step| match &self.network.steps[step].action {
                StepAction::Input => None,
                StepAction::Layer { layer, inputs, arguments, training } => {
                    let mut args: Vec<Value> =
                        inputs.iter().map(|&slot| self.tensor(slot)).collect();
                    if args.len() > 1 || self.network.layers[*layer].takes_list() {
                        args = vec![Value::Array(args)];
                    }
                    let mut kwargs: Map<String, Value> = arguments
                        .iter()
                        .map(|(name, slot)| (name.clone(), self.tensor(*slot)))
                        .collect();
                    if let Some(training) = training {
                        kwargs.insert("training".to_owned(), json!(training));
                    }
                    Some(json!({"args": args, "kwargs": kwargs}))
                }
                StepAction::Operation { arguments, inputs, .. } => {
                    Some(json!({"args": self.positional(arguments, inputs), "kwargs": {}}))
                }
            })
            .collect()
    }

    fn positional(&self, arguments: &Arguments, slots: &[Slot]) -> Vec<Value> {
        let mut next = slots.iter();
        let mut tensor = || next.next().map_or(Value::Null, |&slot| self.tensor(slot));
        arguments.positional.iter().map(|argument| plain(argument, &mut tensor)).collect()
    }
}
