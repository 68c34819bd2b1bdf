use rhyton_graph::{Tensor, power, sqrt, square};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::options::{check_betas, optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// [`super::Adam`] with Nesterov's momentum.
///
/// With uₜ = β₁ · (1 − ½ · 0.96ᵗ) and Π the product of all u so far:
/// m += (g − m) · (1 − β₁), v += (g² − v) · (1 − β₂),
/// w −= r · (uₜ₊₁ · m / (1 − Π · uₜ₊₁) + (1 − uₜ) · g / (1 − Π)) / (√(v / (1 − β₂ᵗ)) + ε).
///
/// Source: Dozat 2015; Keras 3.15 `keras.optimizers.Nadam`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Nadam {
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

optimizer_settings!(Nadam);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Nadam",
    module: "keras.optimizers",
    aliases: &["nadam"],
    from_config: read::<Nadam>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.05, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}"#,
        r#"{"learning_rate": 0.05, "gradient_accumulation_steps": 2, "clipvalue": 0.5, "use_ema": true}"#,
        r#"{"learning_rate": {"class_name": "InverseTimeDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5}}, "weight_decay": 0.1}"#,
    ],
};

impl Default for Nadam {
    fn default() -> Self {
        let options = OptimizerOptions::new("nadam", 0.001);
        Self { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Nadam {
    /// u of a step: how much the momentum counts in it.
    fn share(&self, count: &Tensor) -> Tensor {
        self.beta_1 * (1.0 - 0.5 * power(count.scalar_like(0.96), count))
    }
}

impl Optimizer for Nadam {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        vec![["momentum", "velocity"].map(|name| Slot::of(weight, name)).to_vec()]
    }

    fn scalars(&self) -> Vec<Slot> {
        vec![Slot::scalar("u_product", 1.0)]
    }

    fn advance(&self, step: &StepContext<'_>) -> Result<Vec<Tensor>> {
        Ok(vec![(&step.scalars[0] * self.share(&step.count(DType::F32))).checked()?])
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let dtype = variable.dtype();
        let count = step.count(dtype);
        let (now, next) = (self.share(&count), self.share(&(&count + 1.0)));
        let product = rhyton_graph::cast(&step.scalars[0], dtype);
        let momentum = &slots[0] + (gradient - &slots[0]) * (1.0 - self.beta_1);
        let velocity = &slots[1] + (square(gradient) - &slots[1]) * (1.0 - self.beta_2);
        let ahead = &next * &momentum / (1.0 - &product * &next)
            + (1.0 - now) * gradient / (1.0 - &product);
        let left = 1.0 - power(count.scalar_like(self.beta_2), &count);
        let divisor = sqrt(&velocity / left) + self.epsilon;
        Update::new(variable - ahead * step.rate(dtype) / divisor, [momentum, velocity])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Nadam")?;
        check_betas("Nadam", &[("beta_1", self.beta_1), ("beta_2", self.beta_2)])
    }
}
