use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rhyton_graph::{Action, Arguments, Spec, Step, Tensor};

use super::{Kind, Model, Network, NetworkStep, Slot, StepAction};
use crate::layer::{Apply, Layer, LayerCall, batch_of};
use crate::{Error, Result};

/// A model's input: a float32 batch of samples of this shape.
///
/// ```
/// use rhyton::{Apply, Dense, Model, input};
/// let x = input(&[4]);
/// let y = Dense::new(3).apply(&[&(&x * 2 + 1)]);
/// let model = Model::functional(&[&x], &[&y])?;
/// # Ok::<(), rhyton::Error>(())
/// ```
pub fn input(shape: &[usize]) -> Tensor {
    Tensor::input(None, batch_of(shape))
}

impl Model {
    /// A model of everything between inputs and outputs.
    ///
    /// # Errors
    /// The first failure on the way to an output; [`Error::Config`] when an output needs an input
    /// that is not listed.
    pub fn functional(inputs: &[&Tensor], outputs: &[&Tensor]) -> Result<Self> {
        Self::functional_named("functional", inputs, outputs)
    }

    /// As [`Model::functional`], under a name.
    ///
    /// # Errors
    /// As [`Model::functional`].
    pub fn functional_named(name: &str, inputs: &[&Tensor], outputs: &[&Tensor]) -> Result<Self> {
        let network = Collector::collect(name, inputs, outputs, &HashMap::new())?;
        Self::from_network(network)
    }
}

/// Walks back from outputs and lists steps in the order in which they were recorded.
struct Collector<'a> {
    network: Network,
    places: HashMap<u64, usize>,
    layers: HashMap<u64, usize>,
    taken: HashSet<String>,
    /// For a name, the last number that was put behind it.
    numbers: HashMap<String, usize>,
    /// Names of operations by the serial numbers of their steps.
    operations: &'a HashMap<u64, String>,
}

impl<'a> Collector<'a> {
    fn collect(
        name: &str,
        inputs: &[&Tensor],
        outputs: &[&Tensor],
        operations: &'a HashMap<u64, String>,
    ) -> Result<Network> {
        if inputs.is_empty() || outputs.is_empty() {
            let which = if inputs.is_empty() { "inputs" } else { "outputs" };
            return Err(Error::config(name, which, "at least one tensor", "none"));
        }
        let mut steps: BTreeMap<u64, Arc<Step>> = BTreeMap::new();
        let mut open: Vec<Tensor> = outputs.iter().chain(inputs).map(|&t| t.clone()).collect();
        while let Some(tensor) = open.pop() {
            let tensor = tensor.checked()?;
            let Some(recorded) = tensor.recorded() else {
                let expected = "tensors that come from inputs";
                return Err(Error::config(name, "outputs", expected, format!("{tensor:?}")));
            };
            let step = Arc::clone(&recorded.step);
            if steps.insert(step.serial, Arc::clone(&step)).is_none() {
                open.extend(step.inputs.iter().cloned());
            }
        }
        let network = Network {
            name: name.to_owned(),
            kind: Kind::Functional,
            layers: Vec::new(),
            steps: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        let mut collector = Self {
            network,
            places: HashMap::new(),
            layers: HashMap::new(),
            taken: Self::given_names(steps.values()),
            numbers: HashMap::new(),
            operations,
        };
        collector.taken.extend(operations.values().cloned());
        for step in steps.values() {
            collector.add(step)?;
        }
        collector.finish(inputs, outputs)
    }

    /// Names that users gave, which generated ones must avoid.
    fn given_names<'b>(steps: impl Iterator<Item = &'b Arc<Step>>) -> HashSet<String> {
        steps
            .filter_map(|step| match &step.action {
                Action::Input { name } => name.clone(),
                Action::Operation { .. } => None,
                Action::Layer(call) => {
                    call.downcast_ref::<LayerCall>()?.layer.common().name.clone()
                }
            })
            .collect()
    }

    fn add(&mut self, step: &Step) -> Result<()> {
        let slots: Vec<Slot> = step.inputs.iter().map(|tensor| self.slot(tensor)).collect();
        let place = self.network.steps.len();
        let (name, action) = match &step.action {
            Action::Input { name } => {
                let name = name.clone().unwrap_or_else(|| self.generate("input_layer"));
                (name, StepAction::Input)
            }
            Action::Operation { operation, positional, attributes } => {
                let arguments =
                    Arguments { positional: positional.clone(), attributes: attributes.clone() };
                let action = StepAction::Operation { operation, arguments, inputs: slots };
                let name = match self.operations.get(&step.serial) {
                    Some(name) => name.clone(),
                    None => self.generate(&rhyton_formats::snake_case(operation.class_name)),
                };
                (name, action)
            }
            Action::Layer(call) => {
                let Some(call) = call.downcast_ref::<LayerCall>() else {
                    let expected = "layers of this library";
                    return Err(Error::config(&self.network.name, "layer", expected, "another's"));
                };
                let layer = self.layer(call);
                let (inputs, named) = slots.split_at(call.positional);
                let names = call.arguments.iter().map(|(name, _)| name.clone());
                let arguments = names.zip(named.iter().copied()).collect();
                let name = self.network.layers[layer].label();
                let (inputs, training) = (inputs.to_vec(), call.training);
                (name, StepAction::Layer { layer, inputs, arguments, training })
            }
        };
        self.places.insert(step.serial, place);
        self.network.steps.push(NetworkStep { name, action, outputs: step.outputs.clone() });
        Ok(())
    }

    /// The layer of a call, named at its first.
    fn layer(&mut self, call: &LayerCall) -> usize {
        if let Some(&known) = self.layers.get(&call.identity) {
            return known;
        }
        let name = match &call.layer.common().name {
            Some(name) => name.clone(),
            None => self.generate(&rhyton_formats::snake_case(call.layer.spec().class_name)),
        };
        let layer = call.layer.renamed(&name, call.layer.common().trainable);
        self.network.layers.push(layer);
        self.layers.insert(call.identity, self.network.layers.len() - 1);
        self.network.layers.len() - 1
    }

    /// A name that no step has yet: `wanted`, or with the first free number behind it.
    fn generate(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.clone()) {
            let number = self.numbers.entry(wanted.to_owned()).or_default();
            *number += 1;
            name = format!("{wanted}_{number}");
        }
        name
    }

    fn slot(&self, tensor: &Tensor) -> Slot {
        let recorded = tensor.recorded().expect("the walk saw only recorded tensors");
        Slot { step: self.places[&recorded.step.serial], index: recorded.index }
    }

    fn finish(mut self, inputs: &[&Tensor], outputs: &[&Tensor]) -> Result<Network> {
        self.network.inputs = inputs.iter().map(|tensor| self.slot(tensor).step).collect();
        self.network.outputs = outputs.iter().map(|tensor| self.slot(tensor)).collect();
        let listed: HashSet<usize> = self.network.inputs.iter().copied().collect();
        for (place, step) in self.network.steps.iter().enumerate() {
            let is_input = matches!(step.action, StepAction::Input);
            if is_input != listed.contains(&place) {
                let (expected, received) = if is_input {
                    ("every input that an output needs", format!("no `{}`", step.name))
                } else {
                    ("tensors made by `input`", format!("the result of `{}`", step.name))
                };
                return Err(Error::config(&self.network.name, "inputs", expected, received));
            }
        }
        if listed.len() != self.network.inputs.len() {
            let expected = "each input once";
            return Err(Error::config(&self.network.name, "inputs", expected, "one twice"));
        }
        self.network.check_names()?;
        Ok(self.network)
    }
}

/// A network of everything between tensors; operations have the names of their steps' numbers.
pub(crate) fn collect(
    name: &str,
    inputs: &[Tensor],
    outputs: &[Tensor],
    operations: &HashMap<u64, String>,
) -> Result<Network> {
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let outputs: Vec<&Tensor> = outputs.iter().collect();
    Collector::collect(name, &inputs, &outputs, operations)
}

/// The layers of a chain, as a network.
pub(crate) fn chain(
    name: &str,
    input: (Option<&str>, Spec),
    layers: &[Arc<dyn Layer>],
) -> Result<Network> {
    let x = Tensor::input(input.0.map(str::to_owned), input.1);
    let mut y = x.clone();
    for layer in layers {
        y = layer.apply(&[&y]);
    }
    let mut network = Collector::collect(name, &[&x], &[&y], &HashMap::new())?;
    network.kind = Kind::Sequential;
    Ok(network)
}
