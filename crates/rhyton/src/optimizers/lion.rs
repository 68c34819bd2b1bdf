use rhyton_graph::{Tensor, sign};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::layer::Weight;
use crate::{Error, Result};

/// Steps of one length, in the direction that momentum and gradient agree on.
///
/// w −= r · sign(β₁ · m + (1 − β₁) · g), then m = β₂ · m + (1 − β₂) · g.
///
/// Source: Chen et al. 2023; Keras 3.15 `keras.optimizers.Lion`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Lion {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much the momentum counts in a step, in (0, 1]; default 0.9.
    beta_1: f64,
    /// How much of the momentum is kept; default 0.99.
    beta_2: f64,
}

optimizer_settings!(Lion);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Lion",
    module: "keras.optimizers",
    aliases: &["lion"],
    from_config: read::<Lion>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.02, "beta_1": 0.6, "beta_2": 0.8}"#,
        r#"{"learning_rate": 0.02, "weight_decay": 0.5, "global_clipnorm": 0.5, "gradient_accumulation_steps": 2}"#,
    ],
};

impl Default for Lion {
    fn default() -> Self {
        Self { options: OptimizerOptions::new("lion", 0.001), beta_1: 0.9, beta_2: 0.99 }
    }
}

impl Optimizer for Lion {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        vec![vec![Slot::of(weight, "momentum")]]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let mix = |beta: f64| &slots[0] * beta + gradient * (1.0 - beta);
        let direction = sign(mix(self.beta_1));
        Update::new(variable - step.rate(variable.dtype()) * direction, [mix(self.beta_2)])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Lion")?;
        if self.beta_1 > 0.0 && self.beta_1 <= 1.0 {
            return Ok(());
        }
        Err(Error::config("Lion", "beta_1", "a number in (0, 1]", self.beta_1))
    }
}
