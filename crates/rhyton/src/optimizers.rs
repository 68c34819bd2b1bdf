//! Keras' optimizers: how a gradient changes a variable, as nodes of the training program.
//!
//! Not here: schedules, averaging, accumulation, loss scaling (their keys are refused), constraints
//! (training). To add one: a file, its `mod` line and its line in [`OPTIMIZERS`].

use std::fmt::Debug;

use rhyton_graph::{Tensor, cast};
use serde_json::{Map, Value};

use crate::Result;
use crate::objects::{ObjectList, ObjectSpec};

mod adam;
mod adamw;
mod clipping;
mod options;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use options::OptimizerOptions;
pub use rmsprop::RMSprop;
pub use sgd::SGD;

/// One kind of optimizer in the list of all.
pub type OptimizerSpec = ObjectSpec<dyn Optimizer>;

/// All optimizers that are built in.
pub static OPTIMIZERS: ObjectList<dyn Optimizer> = ObjectList {
    kind: "optimizer",
    specs: &[&adam::SPEC, &adamw::SPEC, &rmsprop::SPEC, &sgd::SPEC],
};

/// How a gradient changes a variable.
pub trait Optimizer: Debug + Send + Sync {
    /// The entry in the list of optimizers: class name, module, reader.
    fn spec(&self) -> &'static OptimizerSpec;

    /// The keys of the configuration that differ from their defaults; the learning rate as the
    /// float32 it is used as, as Keras writes it.
    fn config(&self) -> Map<String, Value>;

    /// What all optimizers have: name, learning rate, weight decay, clipping.
    fn options(&self) -> &OptimizerOptions;

    /// The names of a variable's slots, in the groups that files keep together; each slot has its
    /// variable's shape and element type and starts at zero. `slots` is the flat list.
    fn slot_groups(&self) -> Vec<Vec<&'static str>>;

    /// The step alone, after clipping and weight decay. The gradient and all slots have the
    /// variable's element type; `slots` is in the order of `slots`.
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

    /// Refuses values out of range; reading a configuration calls it, and so must whoever takes an
    /// optimizer made in code.
    ///
    /// # Errors
    /// [`crate::Error::Config`] naming the key.
    fn validate(&self) -> Result<()> {
        self.options().validate(self.spec().class_name)
    }
}

/// What a step knows beside variable and gradient.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    /// The learning rate now, a float32 scalar.
    pub learning_rate: &'a Tensor,
    /// The number of steps before this one, an int64 scalar (Keras' `iterations`).
    pub iteration: &'a Tensor,
}

/// What a step makes.
#[derive(Debug, Clone)]
pub struct Update {
    /// The variable's new value.
    pub variable: Tensor,
    /// The slots' new values, in the order of `slots`.
    pub slots: Vec<Tensor>,
}

/// A slot in a file: which variable's, and which of its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlace {
    /// The index among the trainable variables.
    pub variable: usize,
    /// The index in `slots`.
    pub slot: usize,
}

impl dyn Optimizer + '_ {
    /// The initial learning rate.
    pub fn learning_rate(&self) -> f64 {
        self.options().learning_rate
    }

    /// The name in files.
    pub fn name(&self) -> &str {
        &self.options().name
    }

    /// The names of a variable's slots.
    pub fn slots(&self) -> Vec<&'static str> {
        self.slot_groups().concat()
    }

    /// All slots in the order of files: `optimizer/vars/0` is the iteration (int64), `1` the
    /// learning rate (float32), and `2 + i` is element `i` of this list. Slots of one group are
    /// interleaved (Adam: momentum and velocity of variable 0, then of variable 1, …), and a group
    /// follows the other (Adam's `velocity_hat` of all variables after them).
    pub fn file_order(&self, variables: usize) -> Vec<SlotPlace> {
        let mut order = Vec::new();
        let mut first = 0;
        for group in self.slot_groups() {
            for variable in 0..variables {
                order.extend((first..first + group.len()).map(|slot| SlotPlace { variable, slot }));
            }
            first += group.len();
        }
        order
    }

    /// The gradients of all variables, clipped as the options say.
    ///
    /// # Errors
    /// A failure that a gradient carries.
    pub fn transform_gradients(&self, gradients: Vec<Tensor>) -> Result<Vec<Tensor>> {
        clipping::clip(self.options(), gradients)
    }

    /// One variable's step: weight decay `w −= w · decay · learning_rate`, then the optimizer's own.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    pub fn update(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let gradient = cast(gradient, variable.dtype());
        let variable = match self.options().weight_decay {
            Some(decay) => variable - variable * decay * cast(step.learning_rate, variable.dtype()),
            None => variable.clone(),
        };
        self.update_step(step, &variable.checked()?, &gradient, slots)
    }
}

#[cfg(test)]
mod tests;
