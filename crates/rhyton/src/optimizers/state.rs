use rhyton_graph::Spec;
use rhyton_tensor::{Array, DType};

use super::Optimizer;
use crate::Result;
use crate::layer::Weight;

/// A variable that an optimizer keeps, for one weight or for itself.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The name, e.g. `momentum`.
    pub name: &'static str,
    /// Shape and element type.
    pub spec: Spec,
    /// The first value of all elements.
    pub initial: f64,
}

impl Slot {
    /// A variable like a weight, zero at first.
    pub fn of(weight: &Weight, name: &'static str) -> Self {
        Self { name, spec: weight.spec.clone(), initial: 0.0 }
    }

    /// A float32 scalar.
    pub fn scalar(name: &'static str, initial: f64) -> Self {
        Self { name, spec: Spec::new(DType::F32, &[][..] as &[usize]), initial }
    }

    /// With another shape.
    #[must_use]
    pub fn with_shape(mut self, shape: &[usize]) -> Self {
        self.spec = Spec::new(self.spec.dtype, shape);
        self
    }

    /// With another first value.
    #[must_use]
    pub fn starting_at(mut self, initial: f64) -> Self {
        self.initial = initial;
        self
    }
}

/// All variables of an optimizer for some weights, in the order of Keras' files.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) variables: Vec<StateVariable>,
    /// Present unless one of Keras' schedules says the rate.
    pub(crate) learning_rate: Option<usize>,
    /// One for each weight, or none.
    pub(crate) averages: Vec<usize>,
    /// One for each weight, or none.
    pub(crate) accumulators: Vec<usize>,
    /// For each weight its slots, all groups in order.
    pub(crate) slots: Vec<Vec<usize>>,
    pub(crate) scalars: Vec<usize>,
    /// The scale of the loss and the good steps since it moved; behind all others.
    pub(crate) scale: Option<ScalePlaces>,
}

/// Where the scale of the loss stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScalePlaces {
    pub(crate) step_counter: usize,
    pub(crate) dynamic_scale: usize,
}

/// One variable of an optimizer.
#[derive(Debug)]
pub(crate) struct StateVariable {
    pub(crate) name: String,
    pub(crate) spec: Spec,
    pub(crate) initial: f64,
}

impl StateVariable {
    pub(crate) fn initial_value(&self) -> Array {
        Array::full(self.spec.dtype, &self.spec.shape.bind(0), self.initial)
    }
}

impl State {
    /// The place of the number of steps.
    pub(crate) const ITERATION: usize = 0;

    /// Iteration, learning rate, averages, accumulated gradients, then the optimizer's own: slots
    /// of one group are interleaved (Adam: momentum and velocity of weight 0, then of weight 1, …)
    /// and a group follows the other (Adam's `velocity_hat` of all weights after them).
    pub(crate) fn new(optimizer: &dyn Optimizer, weights: &[&Weight]) -> Result<Self> {
        let options = optimizer.options();
        let mut state = Self {
            variables: Vec::new(),
            learning_rate: None,
            averages: Vec::new(),
            accumulators: Vec::new(),
            slots: vec![Vec::new(); weights.len()],
            scalars: Vec::new(),
            scale: None,
        };
        let mut iteration = Slot::scalar("iteration", 0.0);
        iteration.spec = iteration.spec.with_dtype(DType::I32);
        state.push(None, iteration);
        if !matches!(options.learning_rate, super::LearningRate::Schedule(_)) {
            let rate = Slot::scalar("learning_rate", options.learning_rate.after(0)?);
            state.learning_rate = Some(state.push(None, rate));
        }
        if options.use_ema {
            let slots = weights.iter().map(|&weight| (weight, Slot::of(weight, "average")));
            state.averages = slots.map(|(weight, slot)| state.push(Some(weight), slot)).collect();
        }
        if options.gradient_accumulation_steps.is_some() {
            let slot = |weight| Slot::of(weight, "gradient_accumulator");
            let slots = weights.iter().map(|&weight| (weight, slot(weight)));
            state.accumulators =
                slots.map(|(weight, slot)| state.push(Some(weight), slot)).collect();
        }
        let groups: Vec<_> = weights.iter().map(|weight| optimizer.slot_groups(weight)).collect();
        for group in 0..groups.iter().map(Vec::len).max().unwrap_or(0) {
            for (which, groups) in groups.iter().enumerate() {
                for slot in groups.get(group).into_iter().flatten() {
                    let place = state.push(Some(weights[which]), slot.clone());
                    state.slots[which].push(place);
                }
            }
        }
        for scalar in optimizer.scalars() {
            let place = state.push(None, scalar);
            state.scalars.push(place);
        }
        if let Some((scaling, _)) = optimizer.loss_scaling() {
            let mut counter = Slot::scalar("step_counter", 0.0);
            counter.spec = counter.spec.with_dtype(DType::I32);
            state.scale = Some(ScalePlaces {
                step_counter: state.push(None, counter),
                dynamic_scale: state
                    .push(None, Slot::scalar("dynamic_scale", scaling.initial_scale)),
            });
        }
        Ok(state)
    }

    /// How many variables there are without those of the loss' scale.
    pub(crate) fn unscaled_len(&self) -> usize {
        self.scale.map_or(self.variables.len(), |scale| scale.step_counter)
    }

    fn push(&mut self, weight: Option<&Weight>, slot: Slot) -> usize {
        let Slot { name, spec, initial } = slot;
        let name = match weight {
            Some(weight) => format!("optimizer/{}/{name}", weight.path),
            None => format!("optimizer/{name}"),
        };
        self.variables.push(StateVariable { name, spec, initial });
        self.variables.len() - 1
    }
}
