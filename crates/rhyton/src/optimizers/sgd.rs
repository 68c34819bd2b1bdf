use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::layer::Weight;
use crate::{Error, Result};

/// Gradient descent, with momentum if wanted.
///
/// Without momentum w −= g · r. With it, m = m · momentum − g · r and w += m, or for Nesterov's
/// w += m · momentum − g · r with the new m.
///
/// Source: Keras 3.15 `keras.optimizers.SGD`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct SGD {
    /// Name, learning rate (default 0.01), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the last step is kept, in [0, 1]; default 0.
    momentum: f64,
    /// Whether the step is taken from where momentum leads; default false.
    nesterov: bool,
}

optimizer_settings!(SGD);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "SGD",
    module: "keras.optimizers",
    aliases: &["sgd"],
    from_config: read::<SGD>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}"#,
        r#"{"momentum": 0.8, "nesterov": true, "clipvalue": 0.5}"#,
        r#"{"learning_rate": 0.1, "clipnorm": 0.7}"#,
        r#"{"learning_rate": 0.1, "global_clipnorm": 0.9}"#,
        r#"{"learning_rate": 0.1, "use_ema": true, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}"#,
        r#"{"learning_rate": 0.1, "momentum": 0.9, "gradient_accumulation_steps": 4, "weight_decay": 0.1, "clipnorm": 0.4, "use_ema": true, "ema_overwrite_frequency": 2}"#,
        r#"{"learning_rate": {"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [2, 5], "values": [0.5, 0.1, 0.02]}}, "weight_decay": 0.2}"#,
    ],
};

impl Default for SGD {
    fn default() -> Self {
        let options = OptimizerOptions::new("sgd", 0.01);
        Self { options, momentum: 0.0, nesterov: false }
    }
}

impl Optimizer for SGD {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        if self.momentum == 0.0 { Vec::new() } else { vec![vec![Slot::of(weight, "momentum")]] }
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let move_by = gradient * step.rate(variable.dtype());
        let [momentum] = slots else {
            return Update::new(variable - move_by, []);
        };
        let momentum = momentum * self.momentum - &move_by;
        let variable = if self.nesterov {
            variable + (&momentum * self.momentum - move_by)
        } else {
            variable + &momentum
        };
        Update::new(variable, [momentum])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("SGD")?;
        if (0.0..=1.0).contains(&self.momentum) {
            return Ok(());
        }
        Err(Error::config("SGD", "momentum", "a number in [0, 1]", self.momentum))
    }
}
