use rhyton_graph::{Tensor, absolute, maximum, power};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{check_betas, optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// [`super::Adam`] with the largest gradient, slowly forgotten, in place of the mean of squares.
///
/// m += (g − m) · (1 − β₁), u = max(β₂ · u, |g|), w −= r · m / ((1 − β₁ᵗ) · (u + ε)).
///
/// Source: Kingma & Ba, "Adam", 2014, section 7; Keras 3.15 `keras.optimizers.Adamax`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Adamax {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the running mean of gradients is kept; default 0.9.
    beta_1: f64,
    /// How much of the largest gradient is kept; default 0.999.
    beta_2: f64,
    /// Added to the divisor; default 1e-7.
    epsilon: f64,
}

optimizer_settings!(Adamax);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Adamax",
    module: "keras.optimizers",
    aliases: &["adamax"],
    from_config: read::<Adamax>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.05, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}"#,
        r#"{"learning_rate": 0.05, "gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.1}"#,
    ],
};

impl Default for Adamax {
    fn default() -> Self {
        let options = OptimizerOptions::new("adamax", 0.001);
        Self { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Optimizer for Adamax {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        vec![["momentum", "norm"].map(|name| Slot::of(weight, name)).to_vec()]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let (rate, count) = (step.rate(variable.dtype()), step.count(variable.dtype()));
        let left = 1.0 - power(rate.scalar_like(self.beta_1), count);
        let momentum = &slots[0] + (gradient - &slots[0]) * (1.0 - self.beta_1);
        let norm = maximum(self.beta_2 * &slots[1], absolute(gradient));
        let move_by = rate * &momentum / (left * (&norm + self.epsilon));
        Update::new(variable - move_by, [momentum, norm])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Adamax")?;
        check_betas("Adamax", &[("beta_1", self.beta_1), ("beta_2", self.beta_2)])
    }
}
