use rhyton_graph::{Tensor, maximum, power, sqrt, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{check_betas, optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// Steps by running means of gradients and of their squares.
///
/// In step t = 1, 2, …: m += (g − m) · (1 − β₁), v += (g² − v) · (1 − β₂),
/// w −= m · r · √(1 − β₂ᵗ) / (1 − β₁ᵗ) / (√v + ε). With `amsgrad` the largest v so far divides.
///
/// Source: Kingma & Ba, "Adam", 2014; Keras 3.15 `keras.optimizers.Adam`, whose ε stands outside
/// the bias correction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Adam {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the running mean of gradients is kept; default 0.9.
    beta_1: f64,
    /// How much of the running mean of squares is kept; default 0.999.
    beta_2: f64,
    /// Added to the root; default 1e-7.
    epsilon: f64,
    /// Whether the largest mean of squares so far divides; default false.
    amsgrad: bool,
}

optimizer_settings!(Adam);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Adam",
    module: "keras.optimizers",
    aliases: &["adam", "Custom>Adam"],
    from_config: read::<Adam>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5}"#,
        r#"{"learning_rate": 0.05, "amsgrad": true, "clipnorm": 0.5}"#,
        r#"{"weight_decay": 0.1, "global_clipnorm": 0.5}"#,
        r#"{"learning_rate": 0.05, "use_ema": true, "ema_momentum": 0.8, "gradient_accumulation_steps": 3, "amsgrad": true, "loss_scale_factor": 4.0}"#,
        r#"{"learning_rate": {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.0, "decay_steps": 6, "warmup_target": 0.1, "warmup_steps": 3}}, "use_ema": true, "ema_overwrite_frequency": 2}"#,
    ],
};

impl Default for Adam {
    fn default() -> Self {
        Self {
            options: OptimizerOptions::new("adam", 0.001),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            amsgrad: false,
        }
    }
}

/// The numbers of a step by moments, which [`Adam`] and [`super::AdamW`] share.
pub(super) struct Moments {
    pub(super) beta_1: f64,
    pub(super) beta_2: f64,
    pub(super) epsilon: f64,
}

impl Moments {
    /// A step; with a third slot it holds the largest mean of squares.
    pub(super) fn step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let dtype = variable.dtype();
        let (rate, count) = (step.rate(dtype), step.count(dtype));
        let left = |beta: f64| 1.0 - power(rate.scalar_like(beta), &count);
        let alpha = &rate * sqrt(left(self.beta_2)) / left(self.beta_1);
        let momentum = &slots[0] + (gradient - &slots[0]) * (1.0 - self.beta_1);
        let velocity = &slots[1] + (square(gradient) - &slots[1]) * (1.0 - self.beta_2);
        let mut new = vec![momentum.clone(), velocity.clone()];
        let divisor = match slots.get(2) {
            Some(largest) => {
                let largest = maximum(largest, &velocity);
                new.push(largest.clone());
                largest
            }
            None => velocity,
        };
        Update::new(variable - momentum * alpha / (sqrt(divisor) + self.epsilon), new)
    }

    /// The slots of such an optimizer.
    pub(super) fn slot_groups(weight: &Weight, amsgrad: bool) -> Vec<Vec<Slot>> {
        let mut groups = vec![vec![Slot::of(weight, "momentum"), Slot::of(weight, "velocity")]];
        if amsgrad {
            groups.push(vec![Slot::of(weight, "velocity_hat")]);
        }
        groups
    }
}

impl Optimizer for Adam {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        Moments::slot_groups(weight, self.amsgrad)
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let Self { beta_1, beta_2, epsilon, .. } = *self;
        Moments { beta_1, beta_2, epsilon }.step(step, variable, gradient, slots)
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Adam")?;
        check_betas("Adam", &[("beta_1", self.beta_1), ("beta_2", self.beta_2)])
    }
}
