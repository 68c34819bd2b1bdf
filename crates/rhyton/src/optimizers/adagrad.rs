use rhyton_graph::{Tensor, sqrt, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::layer::Weight;
use crate::{Error, Result};

/// Steps divided by the root of the sum of all squared gradients so far.
///
/// a += g², w −= r · g / √(a + ε).
///
/// Source: Duchi et al. 2011; Keras 3.15 `keras.optimizers.Adagrad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Adagrad {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// Where the sums start, at least 0; default 0.1.
    initial_accumulator_value: f64,
    /// Added under the root; default 1e-7.
    epsilon: f64,
}

optimizer_settings!(Adagrad);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Adagrad",
    module: "keras.optimizers",
    aliases: &["adagrad"],
    from_config: read::<Adagrad>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-3}"#,
        r#"{"learning_rate": 0.1, "weight_decay": 0.1, "clipvalue": 0.5}"#,
        r#"{"learning_rate": 0.1, "gradient_accumulation_steps": 2, "use_ema": true}"#,
    ],
};

impl Default for Adagrad {
    fn default() -> Self {
        let options = OptimizerOptions::new("adagrad", 0.001);
        Self { options, initial_accumulator_value: 0.1, epsilon: 1e-7 }
    }
}

impl Optimizer for Adagrad {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        let initial = self.initial_accumulator_value;
        vec![vec![Slot::of(weight, "accumulator").starting_at(initial)]]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let accumulator = &slots[0] + square(gradient);
        let move_by = step.rate(variable.dtype()) * gradient / sqrt(&accumulator + self.epsilon);
        Update::new(variable - move_by, [accumulator])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Adagrad")?;
        if self.initial_accumulator_value >= 0.0 {
            return Ok(());
        }
        let (key, received) = ("initial_accumulator_value", self.initial_accumulator_value);
        Err(Error::config("Adagrad", key, "at least 0", received))
    }
}
