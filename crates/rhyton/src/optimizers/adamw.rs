use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::adam::Moments;
use super::options::{check_betas, optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::layer::Weight;
use crate::{Error, Result};

/// [`super::Adam`] with weight decay, which is taken from the weight before the step and does not
/// enter the running means.
///
/// Source: Loshchilov & Hutter, "Decoupled weight decay regularization", 2019; Keras 3.15
/// `keras.optimizers.AdamW`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct AdamW {
    /// Name, learning rate (default 0.001), weight decay (default 0.004), clipping and
    /// what else all optimizers have.
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

optimizer_settings!(AdamW);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "AdamW",
    module: "keras.optimizers",
    aliases: &["adamw"],
    from_config: read::<AdamW>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.05, "weight_decay": 0.2, "amsgrad": true}"#,
        r#"{"learning_rate": 0.01, "beta_1": 0.7, "clipvalue": 0.3}"#,
    ],
};

impl Default for AdamW {
    fn default() -> Self {
        let options = OptimizerOptions::new("adam_w", 0.001);
        Self {
            options: OptimizerOptions { weight_decay: Some(0.004), ..options },
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            amsgrad: false,
        }
    }
}

impl Optimizer for AdamW {
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
        self.options.validate("AdamW")?;
        check_betas("AdamW", &[("beta_1", self.beta_1), ("beta_2", self.beta_2)])?;
        if self.options.weight_decay.is_some() {
            return Ok(());
        }
        Err(Error::config("AdamW", "weight_decay", "a number", "none"))
    }
}
