use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rhyton_graph::{Arguments, Operation, Spec, Tensor};

use super::ModelLayer;
use crate::layer::{Call, Layer, Scope, Weights, output_specs};
use crate::{Error, Result};

/// The steps of a model in an order in which they can be taken; files and programs are made of it.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The layers in order of first use, each with its name set.
    pub(crate) layers: Vec<Arc<dyn Layer>>,
    pub(crate) steps: Vec<NetworkStep>,
    /// The steps that are inputs, in the order of the model's inputs.
    pub(crate) inputs: Vec<usize>,
    pub(crate) outputs: Vec<Slot>,
}

/// How the model was described, and how files describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sequential,
    Functional,
}

/// One result of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) step: usize,
    pub(crate) index: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct NetworkStep {
    /// The input's or operation's own name, or the layer's.
    pub(crate) name: String,
    pub(crate) action: StepAction,
    pub(crate) outputs: Vec<Spec>,
}

#[derive(Debug, Clone)]
pub(crate) enum StepAction {
    Input,
    Layer {
        layer: usize,
        inputs: Vec<Slot>,
        arguments: Vec<(String, Slot)>,
        /// What the file says of `training`, kept for the next file.
        training: Option<bool>,
    },
    Operation {
        operation: &'static Operation,
        arguments: Arguments,
        inputs: Vec<Slot>,
    },
}

impl StepAction {
    /// The slots that the step reads.
    pub(crate) fn reads(&self) -> Vec<Slot> {
        match self {
            Self::Input => Vec::new(),
            Self::Layer { inputs, arguments, .. } => {
                inputs.iter().chain(arguments.iter().map(|(_, slot)| slot)).copied().collect()
            }
            Self::Operation { inputs, .. } => inputs.clone(),
        }
    }
}

/// The results of all steps, and their masks.
pub(crate) struct TracedSteps {
    pub(crate) values: Vec<Vec<Tensor>>,
    pub(crate) masks: Vec<Vec<Option<Tensor>>>,
}

/// What a layer is exchanged for, by its path; `None` leaves it.
pub(crate) type Exchange<'a> = &'a dyn Fn(&str, &Arc<dyn Layer>) -> Option<Arc<dyn Layer>>;

impl Network {
    /// The specification of a slot.
    pub(crate) fn spec(&self, slot: Slot) -> &Spec {
        &self.steps[slot.step].outputs[slot.index]
    }

    /// The specifications of the inputs, with their names.
    pub(crate) fn input_specs(&self) -> Vec<(String, Spec)> {
        self.inputs
            .iter()
            .map(|&step| (self.steps[step].name.clone(), self.steps[step].outputs[0].clone()))
            .collect()
    }

    /// The names of the outputs: those of the steps that make them.
    pub(crate) fn output_names(&self) -> Vec<String> {
        self.outputs.iter().map(|slot| self.steps[slot.step].name.clone()).collect()
    }

    /// Builds every layer at its first use.
    pub(crate) fn build(&self) -> Result<Weights> {
        let mut weights = Weights::default();
        self.build_in(&mut Scope::model(&mut weights))?;
        Ok(weights)
    }

    /// Builds every layer at its first use, below a scope.
    pub(crate) fn build_in(&self, scope: &mut Scope<'_>) -> Result<()> {
        let mut built = vec![false; self.layers.len()];
        for step in &self.steps {
            let StepAction::Layer { layer, inputs, .. } = &step.action else { continue };
            if std::mem::replace(&mut built[*layer], true) {
                continue;
            }
            let layer = &self.layers[*layer];
            let specs: Vec<Spec> = inputs.iter().map(|&slot| self.spec(slot).clone()).collect();
            let name = layer.label();
            let mut part = scope.of_layer(&name, layer.common());
            let built = layer.build(&mut part, &specs).and_then(|()| part.suit(&**layer));
            built.map_err(|error| error.within(name))?;
        }
        Ok(())
    }

    /// Traces every step; the results of all steps.
    pub(crate) fn trace(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Vec<Vec<Tensor>>> {
        Ok(self.trace_masked(cx, inputs, vec![None; inputs.len()])?.values)
    }

    /// As `trace`, with a mask for each input that has one.
    pub(crate) fn trace_masked(
        &self,
        cx: &mut Call<'_>,
        inputs: &[Tensor],
        masks: Vec<Option<Tensor>>,
    ) -> Result<TracedSteps> {
        let mut given: HashMap<usize, (&Tensor, Option<Tensor>)> = HashMap::new();
        for ((&step, tensor), mask) in self.inputs.iter().zip(inputs).zip(masks) {
            given.insert(step, (tensor, mask));
        }
        let mut traced = TracedSteps { values: Vec::new(), masks: Vec::new() };
        for (place, step) in self.steps.iter().enumerate() {
            let (values, masks) = match &step.action {
                StepAction::Input => {
                    let (tensor, mask) = given.remove(&place).expect("input steps are listed");
                    (vec![tensor.clone()], vec![mask])
                }
                StepAction::Layer { layer, inputs, arguments, .. } => {
                    traced.call(cx, &*self.layers[*layer], inputs, arguments)?
                }
                StepAction::Operation { operation, arguments, inputs } => {
                    let tensors: Vec<Tensor> = inputs.iter().map(|s| traced.value(s)).collect();
                    let values = operation.apply_all(arguments.with_tensors(&tensors))?;
                    (values, Vec::new())
                }
            };
            traced.values.push(values);
            traced.masks.push(masks);
        }
        Ok(traced)
    }

    /// The activation that makes an output, with its layer's path, if no later step calls the layer
    /// again.
    #[cfg(feature = "training")]
    pub(crate) fn output_activation(&self, output: Slot) -> Option<(String, crate::Activation)> {
        let StepAction::Layer { layer, .. } = &self.steps[output.step].action else { return None };
        let again = self.steps[output.step + 1..].iter().any(
            |step| matches!(&step.action, StepAction::Layer { layer: other, .. } if other == layer),
        );
        if again {
            return None;
        }
        let layer = &self.layers[*layer];
        if let Some(nested) = ModelLayer::of(&**layer) {
            let inner = *nested.network().outputs.get(output.index)?;
            let (path, activation) = nested.network().output_activation(inner)?;
            return Some((format!("{}/{path}", layer.label()), activation));
        }
        (output.index == 0).then(|| Some((layer.label(), layer.activation()?.clone()))).flatten()
    }

    /// All layers by their paths, those of nested models too.
    pub(crate) fn layers_by_path(&self) -> BTreeMap<String, Arc<dyn Layer>> {
        let mut found = BTreeMap::new();
        let mut open = vec![(String::new(), self)];
        while let Some((prefix, network)) = open.pop() {
            for layer in &network.layers {
                let path = format!("{prefix}{}", layer.label());
                if let Some(nested) = ModelLayer::of(&**layer) {
                    open.push((format!("{path}/"), nested.network()));
                }
                found.insert(path, Arc::clone(layer));
            }
        }
        found
    }

    /// The same network with hidden layers exchanged, those of nested models too. Layers that make
    /// an output of the whole are left.
    ///
    /// # Errors
    /// [`Error::Config`] with the layer's name when another one gives other shapes.
    pub(crate) fn with_hidden(&self, exchange: Exchange<'_>) -> Result<Self> {
        let outputs: HashSet<Slot> = self.outputs.iter().copied().collect();
        self.exchanged("", &outputs, exchange)
    }

    fn exchanged(
        &self,
        prefix: &str,
        last: &HashSet<Slot>,
        exchange: Exchange<'_>,
    ) -> Result<Self> {
        let mut makes: Vec<HashSet<usize>> = vec![HashSet::new(); self.layers.len()];
        for slot in last {
            if let StepAction::Layer { layer, .. } = &self.steps[slot.step].action {
                makes[*layer].insert(slot.index);
            }
        }
        let mut layers = Vec::with_capacity(self.layers.len());
        for (layer, makes) in self.layers.iter().zip(makes) {
            let path = format!("{prefix}{}", layer.label());
            let other = match ModelLayer::of(&**layer) {
                Some(nested) => {
                    let network = nested.network();
                    let last = makes.iter().map(|&index| network.outputs[index]).collect();
                    let inner = network.exchanged(&format!("{path}/"), &last, exchange)?;
                    Some(Arc::new(nested.with_network(inner)) as Arc<dyn Layer>)
                }
                None if makes.is_empty() => exchange(&path, layer),
                None => None,
            };
            layers.push(match other {
                Some(other) => other.renamed(&layer.label(), layer.common().trainable),
                None => Arc::clone(layer),
            });
        }
        let network = Self { layers, ..self.clone() };
        network.check_shapes(self, prefix)?;
        Ok(network)
    }

    /// Fails if a layer that differs from `before`'s gives other shapes.
    fn check_shapes(&self, before: &Self, prefix: &str) -> Result<()> {
        for step in &self.steps {
            let StepAction::Layer { layer, inputs, arguments, .. } = &step.action else { continue };
            if Arc::ptr_eq(&self.layers[*layer], &before.layers[*layer]) {
                continue;
            }
            let names: Vec<String> = arguments.iter().map(|(name, _)| name.clone()).collect();
            let slots = inputs.iter().chain(arguments.iter().map(|(_, slot)| slot));
            let specs: Vec<Spec> = slots.map(|&slot| self.spec(slot).clone()).collect();
            let found = output_specs(&*self.layers[*layer], &specs, &names)?;
            if found != step.outputs {
                let path = format!("{prefix}{}", self.layers[*layer].label());
                let list = |specs: &[Spec]| {
                    specs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                };
                let expected = format!("one that gives {}", list(&step.outputs));
                return Err(Error::config(path, "activation", expected, list(&found)));
            }
        }
        Ok(())
    }

    /// Fails if two layers or inputs have one name.
    pub(crate) fn check_names(&self) -> Result<()> {
        let mut seen = HashSet::new();
        for &place in &self.inputs {
            if let Some(name) = seen.replace(self.steps[place].name.clone()) {
                let expected = "a name for each input that no other has";
                let received = format!("`{name}` twice");
                return Err(Error::config(&self.name, "inputs", expected, received));
            }
        }
        for layer in &self.layers {
            let name = layer.label();
            if name.is_empty() || name.contains('/') {
                let expected = "names without `/`";
                return Err(Error::config(&self.name, "layers", expected, format!("`{name}`")));
            }
            if let Some(name) = seen.replace(name) {
                let expected = "a name for each layer that no other has";
                let received = format!("`{name}` twice");
                return Err(Error::config(&self.name, "layers", expected, received));
            }
        }
        Ok(())
    }
}

impl TracedSteps {
    fn value(&self, slot: &Slot) -> Tensor {
        self.values[slot.step][slot.index].clone()
    }

    fn mask(&self, slot: &Slot) -> Option<Tensor> {
        self.masks[slot.step].get(slot.index).cloned().flatten()
    }

    /// One call of a layer: its results and their masks.
    fn call(
        &self,
        cx: &mut Call<'_>,
        layer: &dyn Layer,
        inputs: &[Slot],
        arguments: &[(String, Slot)],
    ) -> Result<(Vec<Tensor>, Vec<Option<Tensor>>)> {
        let named = arguments.iter().map(|(name, slot)| (name.clone(), self.value(slot)));
        let masks = inputs.iter().map(|slot| self.mask(slot)).collect();
        let outer = cx.enter(named.collect(), masks);
        let tensors: Vec<Tensor> = inputs.iter().map(|slot| self.value(slot)).collect();
        let results = cx.run(&layer.label(), layer, &tensors)?;
        let mut masks = cx.take_output_masks();
        cx.leave(outer);
        if masks.is_empty() && layer.supports_masking() {
            masks.extend(inputs.first().map(|slot| self.mask(slot)));
        }
        Ok((results, masks))
    }
}
