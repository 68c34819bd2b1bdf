use std::sync::Arc;

use rhyton_graph::{Arguments, Operation, Spec, Tensor};

use crate::layer::{Call, Layer, Scope, Weights};
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
    Layer { layer: usize, inputs: Vec<Slot>, arguments: Vec<(String, Slot)> },
    Operation { operation: &'static Operation, arguments: Arguments, inputs: Vec<Slot> },
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
        let mut built = vec![false; self.layers.len()];
        for step in &self.steps {
            let StepAction::Layer { layer, inputs, .. } = &step.action else { continue };
            if std::mem::replace(&mut built[*layer], true) {
                continue;
            }
            let layer = &self.layers[*layer];
            let specs: Vec<Spec> = inputs.iter().map(|&slot| self.spec(slot).clone()).collect();
            let name = layer.label();
            let mut scope = Scope::root(&mut weights, &name, layer.common().trainable);
            layer.build(&mut scope, &specs).map_err(|error| error.within(name))?;
        }
        Ok(weights)
    }

    /// Traces every step; the results of all steps.
    pub(crate) fn trace(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Vec<Vec<Tensor>>> {
        let mut values: Vec<Vec<Tensor>> = Vec::with_capacity(self.steps.len());
        let mut masks: Vec<Option<Tensor>> = Vec::with_capacity(self.steps.len());
        for (place, step) in self.steps.iter().enumerate() {
            let read = |slot: &Slot| values[slot.step][slot.index].clone();
            let mut mask = None;
            let results = match &step.action {
                StepAction::Input => {
                    let input = self.inputs.iter().position(|&input| input == place);
                    vec![inputs[input.expect("input steps are listed")].clone()]
                }
                StepAction::Layer { layer, inputs, arguments } => {
                    let layer = &self.layers[*layer];
                    cx.set_arguments(
                        arguments.iter().map(|(name, slot)| (name.clone(), read(slot))).collect(),
                    );
                    cx.set_input_masks(inputs.iter().map(|s| masks[s.step].clone()).collect());
                    let tensors: Vec<Tensor> = inputs.iter().map(read).collect();
                    let results = cx.run(&layer.label(), &**layer, &tensors)?;
                    mask = cx.take_output_mask();
                    results
                }
                StepAction::Operation { operation, arguments, inputs } => {
                    let tensors: Vec<Tensor> = inputs.iter().map(read).collect();
                    vec![operation.apply(arguments.with_tensors(&tensors)).checked()?]
                }
            };
            values.push(results);
            masks.push(mask);
        }
        Ok(values)
    }

    /// The layer whose call makes an output, if no later step calls it again.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn output_layer(&self, output: Slot) -> Option<&Arc<dyn Layer>> {
        let StepAction::Layer { layer, .. } = &self.steps[output.step].action else { return None };
        let again = self.steps[output.step + 1..].iter().any(
            |step| matches!(&step.action, StepAction::Layer { layer: other, .. } if other == layer),
        );
        (!again).then(|| &self.layers[*layer])
    }

    /// The same network with each layer exchanged for what `exchange` makes of it.
    pub(crate) fn map_layers(
        &self,
        mut exchange: impl FnMut(&Arc<dyn Layer>) -> Arc<dyn Layer>,
    ) -> Self {
        let layers = self
            .layers
            .iter()
            .map(|layer| exchange(layer).renamed(&layer.label(), layer.common().trainable))
            .collect();
        Self { layers, ..self.clone() }
    }

    /// A name that no step has yet: `wanted`, or with the first free number behind it.
    pub(crate) fn free_name(taken: &[String], wanted: &str) -> String {
        if !taken.iter().any(|name| name == wanted) {
            return wanted.to_owned();
        }
        let numbered = |number: usize| format!("{wanted}_{number}");
        let mut numbers = 1..=taken.len() + 1;
        let free = numbers.find(|&number| !taken.contains(&numbered(number)));
        numbered(free.expect("one of more numbers than names is free"))
    }

    /// Fails if two layers have one name.
    pub(crate) fn check_names(&self) -> Result<()> {
        for (place, layer) in self.layers.iter().enumerate() {
            let name = layer.label();
            if self.layers[..place].iter().any(|other| other.label() == name) {
                let expected = "a name for each layer that no other has";
                return Err(Error::config(
                    &self.name,
                    "layers",
                    expected,
                    format!("`{name}` twice"),
                ));
            }
            if name.is_empty() || name.contains('/') {
                let expected = "names without `/`";
                return Err(Error::config(&self.name, "layers", expected, format!("`{name}`")));
            }
        }
        Ok(())
    }
}
