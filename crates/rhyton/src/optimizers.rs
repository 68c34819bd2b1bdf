//! Keras' optimizers: how a gradient changes a variable, as nodes of the training program.
//!
//! Not here: the gradients, and what a step is part of (training); learning rates by the step are in
//! `schedules`. To add one: a file, its `mod` line and its line in [`OPTIMIZERS`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_graph::{Tensor, cast};
use rhyton_tensor::DType;

use crate::Result;
use crate::layer::Weight;
use crate::objects::{Configured, Kind, ObjectList, ObjectSpec};

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod clipping;
mod ftrl;
mod lamb;
mod learning_rate;
mod lion;
mod lossscaleoptimizer;
mod muon;
mod nadam;
mod options;
mod rmsprop;
pub mod schedules;
mod sgd;
mod state;
mod step;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use adamw::AdamW;
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use learning_rate::LearningRate;
pub use lion::Lion;
pub use lossscaleoptimizer::{LossScaleOptimizer, LossScaling};
pub use muon::Muon;
pub use nadam::Nadam;
pub use options::OptimizerOptions;
pub use rmsprop::RMSprop;
pub use sgd::SGD;
pub use state::Slot;
pub(crate) use state::State;
pub(crate) use step::{Step, Values};

/// One kind of optimizer in the list of all.
pub type OptimizerSpec = ObjectSpec<dyn Optimizer>;

/// The kind of optimizers.
#[derive(Debug)]
pub enum OptimizerKind {}

impl Kind for OptimizerKind {
    type Object = dyn Optimizer;
}

/// All optimizers that are built in.
pub static OPTIMIZERS: ObjectList<dyn Optimizer> = ObjectList {
    kind: "optimizer",
    specs: &[
        &adadelta::SPEC,
        &adafactor::SPEC,
        &adagrad::SPEC,
        &adam::SPEC,
        &adamax::SPEC,
        &adamw::SPEC,
        &ftrl::SPEC,
        &lamb::SPEC,
        &lion::SPEC,
        &lossscaleoptimizer::SPEC,
        &muon::SPEC,
        &nadam::SPEC,
        &rmsprop::SPEC,
        &sgd::SPEC,
    ],
};

/// How a gradient changes a variable.
pub trait Optimizer: Configured<OptimizerKind> + OptimizerSettings + Debug + Send + Sync {
    /// The variables kept for a weight, in the groups that files keep together; every weight has
    /// the same number of groups, which may be empty.
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>>;

    /// The variables kept once for all weights.
    fn scalars(&self) -> Vec<Slot> {
        Vec::new()
    }

    /// The new values of `scalars`, from `step.scalars`; weights are updated after them.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn advance(&self, step: &StepContext<'_>) -> Result<Vec<Tensor>> {
        Ok(step.scalars.to_vec())
    }

    /// The step of one weight alone, after clipping and weight decay. The gradient has the
    /// variable's element type; `slots` is in the order of `slot_groups`.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update>;

    /// The weight decay of a weight that decays.
    fn decay_of(&self, _weight: &Weight) -> Option<f64> {
        self.options().weight_decay
    }

    /// How the loss is scaled, and the optimizer that steps with the unscaled gradients; `None` for
    /// an optimizer that is no [`LossScaleOptimizer`].
    fn loss_scaling(&self) -> Option<(LossScaling, &Arc<dyn Optimizer>)> {
        None
    }

    /// Refuses values out of range; reading a configuration calls it, and so must whoever takes an
    /// optimizer made in code.
    ///
    /// # Errors
    /// [`crate::Error::Config`] naming the key.
    fn validate(&self) -> Result<()> {
        self.options().validate(self.spec().class_name)
    }
}

/// What every optimizer has; `optimizer_settings!` implements it for a struct with the field.
pub trait OptimizerSettings {
    /// Name, learning rate, weight decay, clipping, averaging, accumulation.
    fn options(&self) -> &OptimizerOptions;
}

/// What a step knows beside variable and gradient.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    /// The learning rate now, a float32 scalar.
    pub learning_rate: &'a Tensor,
    /// The number of updates before this one, an integer scalar.
    pub iteration: &'a Tensor,
    /// The optimizer's variables that belong to no weight: new values, in `advance` old ones.
    pub scalars: &'a [Tensor],
}

impl StepContext<'_> {
    /// The learning rate in an element type.
    fn rate(&self, dtype: DType) -> Tensor {
        cast(self.learning_rate, dtype)
    }

    /// The number of this update, 1 for the first, in an element type.
    fn count(&self, dtype: DType) -> Tensor {
        cast(&(self.iteration + 1), dtype)
    }
}

/// What a step makes.
#[derive(Debug, Clone)]
pub struct Update {
    /// The variable's new value.
    pub variable: Tensor,
    /// The slots' new values, in the order of `slot_groups`.
    pub slots: Vec<Tensor>,
}

impl Update {
    /// An update, or the first failure that one of its tensors carries.
    fn new(variable: Tensor, slots: impl IntoIterator<Item = Tensor>) -> Result<Self> {
        let slots = slots.into_iter().map(Tensor::checked).collect::<Result<_, _>>()?;
        Ok(Self { variable: variable.checked()?, slots })
    }
}

impl dyn Optimizer + '_ {
    /// The learning rate: a first value or a schedule.
    pub fn learning_rate(&self) -> &LearningRate {
        &self.options().learning_rate
    }

    /// The name in files.
    pub fn name(&self) -> &str {
        &self.options().name
    }

    /// The gradients of all variables, clipped as the options say.
    ///
    /// # Errors
    /// A failure that a gradient carries.
    pub fn transform_gradients(&self, gradients: Vec<Tensor>) -> Result<Vec<Tensor>> {
        clipping::clip(self.options(), gradients)
    }

    /// A weight's value after weight decay: w − w · decay · `learning_rate`.
    fn decayed(&self, step: &StepContext<'_>, weight: &Weight, value: &Tensor) -> Tensor {
        match self.decay_of(weight).filter(|_| self.options().decays(weight)) {
            Some(decay) => value - value * decay * step.rate(value.dtype()),
            None => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
