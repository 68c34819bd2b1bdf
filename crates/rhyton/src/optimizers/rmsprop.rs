use rhyton_graph::{Tensor, sqrt, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// Steps divided by the root of a running mean of squared gradients.
///
/// v = ρ · v + (1 − ρ) · g², step = r · g / √(v + ε). Centred, a running mean a of gradients is
/// kept and √(v − a² + ε) divides. With momentum, m = momentum · m + step and w −= m.
///
/// Source: Keras 3.15 `keras.optimizers.RMSprop`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct RMSprop {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the running means is kept; default 0.9.
    rho: f64,
    /// How much of the last step is kept; default 0.
    momentum: f64,
    /// Added under the root; default 1e-7.
    epsilon: f64,
    /// Whether the variance divides in place of the mean square; default false.
    centered: bool,
}

optimizer_settings!(RMSprop);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "RMSprop",
    module: "keras.optimizers",
    aliases: &["rmsprop"],
    from_config: read::<RMSprop>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5}"#,
        r#"{"learning_rate": 0.01, "centered": true, "epsilon": 1e-5}"#,
        r#"{"momentum": 0.9, "centered": true, "weight_decay": 0.1}"#,
        r#"{"learning_rate": {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}}, "momentum": 0.3, "gradient_accumulation_steps": 2}"#,
    ],
};

impl Default for RMSprop {
    fn default() -> Self {
        Self {
            options: OptimizerOptions::new("rm_sprop", 0.001),
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
            centered: false,
        }
    }
}

impl Optimizer for RMSprop {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        let mut groups = vec![vec![Slot::of(weight, "velocity")]];
        if self.momentum > 0.0 {
            groups.push(vec![Slot::of(weight, "momentum")]);
        }
        if self.centered {
            groups.push(vec![Slot::of(weight, "average_gradient")]);
        }
        groups
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let rate = step.rate(variable.dtype());
        let running = |mean: &Tensor, now: Tensor| self.rho * mean + (1.0 - self.rho) * now;
        let velocity = running(&slots[0], square(gradient));
        let mut new = vec![velocity.clone()];
        let denominator = match slots.last().filter(|_| self.centered) {
            Some(average) => {
                let average = running(average, gradient.clone());
                let denominator = &velocity - square(&average) + self.epsilon;
                new.push(average);
                denominator
            }
            None => velocity + self.epsilon,
        };
        let mut increment = rate * gradient / sqrt(denominator);
        if self.momentum > 0.0 {
            increment = self.momentum * &slots[1] + increment;
            new.insert(1, increment.clone());
        }
        Update::new(variable - increment, new)
    }
}
