use rhyton_graph::{Tensor, greater, power, sqrt, square, sum, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{check_betas, optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// [`super::Adam`]'s direction, as long for each weight as the weight itself; for large batches.
///
/// With m and v as Adam's and u = m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε):
/// w −= r · u · ‖w‖ / ‖u‖, where a norm of 0 makes the quotient 1.
///
/// Source: You et al. 2019; Keras 3.15 `keras.optimizers.Lamb`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Lamb {
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
}

optimizer_settings!(Lamb);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Lamb",
    module: "keras.optimizers",
    aliases: &["lamb"],
    from_config: read::<Lamb>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.05, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}"#,
        r#"{"learning_rate": 0.05, "weight_decay": 0.1, "clipnorm": 0.3, "loss_scale_factor": 8.0}"#,
    ],
};

impl Default for Lamb {
    fn default() -> Self {
        let options = OptimizerOptions::new("lamb", 0.001);
        Self { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Optimizer for Lamb {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        vec![["momentum", "velocity"].map(|name| Slot::of(weight, name)).to_vec()]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let (rate, count) = (step.rate(variable.dtype()), step.count(variable.dtype()));
        let left = |beta: f64| 1.0 - power(rate.scalar_like(beta), &count);
        let momentum = &slots[0] + (gradient - &slots[0]) * (1.0 - self.beta_1);
        let velocity = &slots[1] + (square(gradient) - &slots[1]) * (1.0 - self.beta_2);
        let root = sqrt(&velocity / left(self.beta_2)) + self.epsilon;
        let update = &momentum / left(self.beta_1) / root;
        let norm = |x: &Tensor| sqrt(sum(&square(x), None, false));
        let (of_weight, of_update) = (norm(variable), norm(&update));
        let quotient = where_(greater(&of_update, 0), &of_weight / &of_update, 1);
        let ratio = where_(greater(&of_weight, 0), quotient, 1);
        Update::new(variable - ratio * rate * update, [momentum, velocity])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Lamb")?;
        check_betas("Lamb", &[("beta_1", self.beta_1), ("beta_2", self.beta_2)])
    }
}
