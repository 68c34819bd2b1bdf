use std::collections::BTreeMap;

use super::{Model, Network, NetworkStep, Slot, StepAction};
use crate::{Error, Result};

impl Model {
    /// The part of the model from its inputs up to a layer, with the weights that they have now: a
    /// feature extractor, or the body of another model.
    ///
    /// The layer's outputs, at its last call, are the outputs of the part, which is not compiled.
    ///
    /// ```
    /// use rhyton::{Dense, Model, Sequential};
    /// let trained = Sequential::new().input(&[4]).add(Dense::new(8).name("features"))
    ///     .add(Dense::new(1)).build()?;
    /// let body = trained.up_to("features")?.to_layer()?.trainable(false);
    /// let tuned = Sequential::new().input(&[4]).add(body).add(Dense::new(3)).build()?;
    /// assert_eq!(tuned.count_parameters(), 40 + 27);
    /// # Ok::<(), rhyton::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest names; what the engine fails with.
    pub fn up_to(&self, layer: &str) -> Result<Self> {
        let last = self.network.last_call(layer)?;
        let outputs = 0..self.network.steps[last].outputs.len();
        let outputs: Vec<Slot> = outputs.map(|index| Slot { step: last, index }).collect();
        self.part(self.network.between(&BTreeMap::new(), &outputs)?)
    }

    /// The part of the model after a layer, with the weights that they have now: what enters it is
    /// what the layer gives at its last call.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest names; [`Error::Config`] when the part needs something
    /// from beside the layer, or nothing comes after it; what the engine fails with.
    pub fn after(&self, layer: &str) -> Result<Self> {
        let last = self.network.last_call(layer)?;
        let outputs = &self.network.outputs;
        if outputs.iter().any(|slot| slot.step == last) {
            let expected = "a layer that others come after";
            return Err(Error::config(self.name(), "layer", expected, format!("`{layer}`")));
        }
        let names = (0..self.network.steps[last].outputs.len()).map(|index| {
            let number = if index == 0 { String::new() } else { format!("_{index}") };
            (Slot { step: last, index }, format!("{layer}_output{number}"))
        });
        self.part(self.network.between(&names.collect(), outputs)?)
    }

    /// A model of a part of this one's network, with this one's weights.
    fn part(&self, network: Network) -> Result<Self> {
        let part = Self::from_network(network)?;
        for (variable, weight) in part.weights.iter() {
            let (own, _) = self.weights.get(&weight.path).expect("a part has the whole's layers");
            part.engine.write(variable, &self.engine.read(own)?)?;
        }
        Ok(part)
    }
}

impl Network {
    /// The step of a layer's (or operation's or input's) last call.
    pub(crate) fn last_call(&self, name: &str) -> Result<usize> {
        self.steps.iter().rposition(|step| step.name == name).ok_or_else(|| Error::UnknownName {
            kind: "layer",
            name: name.to_owned(),
            owner: Some(self.name.clone()),
            nearest: crate::objects::nearest(name, self.steps.iter().map(|s| s.name.as_str())),
            fix: String::new(),
        })
    }

    /// The network of what outputs need, with new inputs, by their names, in place of some values.
    fn between(&self, entries: &BTreeMap<Slot, String>, outputs: &[Slot]) -> Result<Self> {
        let mut needed = vec![false; self.steps.len()];
        let mut entered: BTreeMap<Slot, bool> = entries.keys().map(|&slot| (slot, false)).collect();
        let mut open = outputs.to_vec();
        while let Some(slot) = open.pop() {
            if let Some(entered) = entered.get_mut(&slot) {
                *entered = true;
            } else if !std::mem::replace(&mut needed[slot.step], true) {
                open.extend(self.steps[slot.step].action.reads());
            }
        }
        let mut part = Part::default();
        for (slot, _) in entered.into_iter().filter(|(_, entered)| *entered) {
            let (name, outputs) = (entries[&slot].clone(), vec![self.spec(slot).clone()]);
            let input = NetworkStep { name, action: StepAction::Input, outputs };
            part.entries.insert(slot, Slot { step: part.steps.len(), index: 0 });
            part.inputs.push(part.steps.len());
            part.steps.push(input);
        }
        for (place, step) in self.steps.iter().enumerate().filter(|(place, _)| needed[*place]) {
            let is_input = matches!(step.action, StepAction::Input);
            if is_input && !entries.is_empty() {
                let expected = "a layer that all of the rest comes after";
                let received = format!("one beside which `{}` is needed", step.name);
                return Err(Error::config(&self.name, "layer", expected, received));
            }
            part.take(self, place);
        }
        if entries.is_empty() {
            // All inputs that are left, in the model's own order.
            let inputs = self.inputs.iter().filter_map(|step| part.places.get(step));
            part.inputs = inputs.copied().collect();
        }
        let outputs = outputs.iter().map(|&slot| part.slot(slot)).collect();
        let Part { steps, inputs, .. } = part;
        let mut network = Self { steps, inputs, outputs, layers: Vec::new(), ..self.clone() };
        network.keep_layers(&self.layers);
        network.check_names()?;
        Ok(network)
    }

    /// Keeps the layers that steps call, in order of first use.
    fn keep_layers(&mut self, all: &[std::sync::Arc<dyn crate::Layer>]) {
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for step in &mut self.steps {
            let StepAction::Layer { layer, .. } = &mut step.action else { continue };
            let place = *places.entry(*layer).or_insert_with(|| {
                self.layers.push(std::sync::Arc::clone(&all[*layer]));
                self.layers.len() - 1
            });
            *layer = place;
        }
    }
}

/// Steps that are taken over into another network.
#[derive(Default)]
struct Part {
    steps: Vec<NetworkStep>,
    inputs: Vec<usize>,
    /// New inputs, by the values in whose place they stand.
    entries: BTreeMap<Slot, Slot>,
    /// The places of steps, by their places before.
    places: BTreeMap<usize, usize>,
}

impl Part {
    fn slot(&self, slot: Slot) -> Slot {
        let moved = |step: &usize| Slot { step: *step, ..slot };
        self.entries.get(&slot).copied().or_else(|| self.places.get(&slot.step).map(moved)).expect(
            "what a step reads comes before it, and was found by the walk back from the outputs",
        )
    }

    fn take(&mut self, whole: &Network, place: usize) {
        let mut step = whole.steps[place].clone();
        match &mut step.action {
            StepAction::Input => self.inputs.push(self.steps.len()),
            StepAction::Layer { inputs, arguments, .. } => {
                let slots = inputs.iter_mut().chain(arguments.iter_mut().map(|(_, slot)| slot));
                slots.for_each(|slot| *slot = self.slot(*slot));
            }
            StepAction::Operation { inputs, .. } => {
                for slot in inputs {
                    *slot = self.slot(*slot);
                }
            }
        }
        self.places.insert(place, self.steps.len());
        self.steps.push(step);
    }
}
