//! The configuration of a model in the dialect that every Keras since 3.0 reads: defaults are
//! omitted, element types are plain names.

use std::collections::BTreeMap;

use rhyton_graph::{Argument, Arguments, Spec};
use serde_json::{Map, Value, json};

use super::order::{Callee, callee, callees};
use crate::layer::Layer;
use crate::models::{Kind, Model, Network, Slot, StepAction};

/// `config.json`, without the compile configuration.
pub(super) fn config(model: &Model) -> Value {
    let network = &model.network;
    match network.kind {
        Kind::Sequential => sequential(network),
        Kind::Functional => functional(network),
    }
}

fn sequential(network: &Network) -> Value {
    let input = network.inputs[0];
    let shape = shape_of(&network.steps[input].outputs[0]);
    let mut layers = vec![input_entry(network, input)];
    layers.extend(network.layers.iter().map(|layer| layer_entry(&**layer)));
    json!({
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": network.name, "layers": layers, "build_input_shape": shape},
        "registered_name": null,
        "build_config": {"input_shape": shape},
    })
}

fn functional(network: &Network) -> Value {
    let calls = Calls::of(network);
    let layers: Vec<Value> = callees(network)
        .into_iter()
        .map(|which| {
            let mut entry = match which {
                Callee::Layer(layer) => layer_entry(&*network.layers[layer]),
                Callee::Step(step) if network.inputs.contains(&step) => input_entry(network, step),
                Callee::Step(step) => operation_entry(network, step),
            };
            entry["name"] = entry["config"]["name"].clone();
            entry["inbound_nodes"] = Value::Array(calls.nodes(which));
            entry
        })
        .collect();
    let ends = |slots: Vec<Slot>| {
        let mut list: Vec<Value> = slots.into_iter().map(|slot| calls.history(slot)).collect();
        if list.len() == 1 { list.remove(0) } else { Value::Array(list) }
    };
    let inputs = network.inputs.iter().map(|&step| Slot { step, index: 0 }).collect();
    json!({
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": network.name,
            "trainable": true,
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

fn layer_entry(layer: &dyn Layer) -> Value {
    let spec = layer.spec();
    let mut config = Map::new();
    config.insert("name".to_owned(), json!(layer.label()));
    if !layer.common().trainable {
        config.insert("trainable".to_owned(), json!(false));
    }
    config.insert("dtype".to_owned(), json!("float32"));
    config.extend(layer.config());
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
    }
}

/// Which call of its callee each step is.
struct Calls<'a> {
    network: &'a Network,
    numbers: Vec<usize>,
}

impl<'a> Calls<'a> {
    fn of(network: &'a Network) -> Self {
        let mut counts: BTreeMap<Callee, usize> = BTreeMap::new();
        let numbers = (0..network.steps.len())
            .map(|step| {
                let count = counts.entry(callee(network, step)).or_default();
                *count += 1;
                *count - 1
            })
            .collect();
        Self { network, numbers }
    }

    /// `["dense", 0, 0]`: the step's name, which call, which result.
    fn history(&self, slot: Slot) -> Value {
        json!([self.network.steps[slot.step].name, self.numbers[slot.step], slot.index])
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
    fn nodes(&self, which: Callee) -> Vec<Value> {
        (0..self.network.steps.len())
            .filter(|&step| callee(self.network, step) == which)
            .filter_map(|step| match &self.network.steps[step].action {
                StepAction::Input => None,
                StepAction::Layer { inputs, arguments, .. } => {
                    let mut args: Vec<Value> =
                        inputs.iter().map(|&slot| self.tensor(slot)).collect();
                    if args.len() > 1 {
                        args = vec![Value::Array(args)];
                    }
                    let kwargs: Map<String, Value> = arguments
                        .iter()
                        .map(|(name, slot)| (name.clone(), self.tensor(*slot)))
                        .collect();
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
