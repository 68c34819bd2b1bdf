use rhyton_graph::{Tensor, clip, power, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::layer::Weight;
use crate::{Error, Result};

/// "Follow the regularized leader": weights are computed anew from sums over all steps, so that
/// small ones become exactly 0 with an L1 strength.
///
/// With p = −`learning_rate_power` and the gradient g' = g + 2 · `l2_shrinkage` · w:
/// a' = a + g², z += g' − (a'ᵖ − aᵖ) / r · w,
/// w = (clip(z, −l1, l1) − z) / (a'ᵖ / r + 2 · (l2 + β / 2r)).
///
/// Source: "Ad click prediction: a view from the trenches", 2013; Keras 3.15 `keras.optimizers.Ftrl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Ftrl {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How fast steps get shorter, at most 0 (which keeps them); default −0.5.
    learning_rate_power: f64,
    /// Where the sums of squares start, at least 0; default 0.1.
    initial_accumulator_value: f64,
    /// L1 strength, at least 0; default 0.
    l1_regularization_strength: f64,
    /// L2 strength, at least 0; default 0.
    l2_regularization_strength: f64,
    /// L2 strength on the weights as they are, at least 0; default 0.
    l2_shrinkage_regularization_strength: f64,
    /// β of the paper; default 0.
    beta: f64,
}

optimizer_settings!(Ftrl);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Ftrl",
    module: "keras.optimizers",
    aliases: &["ftrl"],
    from_config: read::<Ftrl>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.1, "learning_rate_power": -0.3, "initial_accumulator_value": 0.5, "beta": 0.1}"#,
        r#"{"learning_rate": 0.1, "l1_regularization_strength": 0.2, "l2_regularization_strength": 0.1, "l2_shrinkage_regularization_strength": 0.05}"#,
        r#"{"learning_rate": 0.1, "clipnorm": 0.5, "use_ema": true, "ema_overwrite_frequency": 4}"#,
    ],
};

impl Default for Ftrl {
    fn default() -> Self {
        Self {
            options: OptimizerOptions::new("ftrl", 0.001),
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
        }
    }
}

impl Optimizer for Ftrl {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        let accumulator =
            Slot::of(weight, "accumulator").starting_at(self.initial_accumulator_value);
        vec![vec![accumulator, Slot::of(weight, "linear")]]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let rate = step.rate(variable.dtype());
        let strength = self.l2_regularization_strength + self.beta / (2.0 * &rate);
        let shrunk = gradient + 2.0 * self.l2_shrinkage_regularization_strength * variable;
        let accumulator = &slots[0] + square(gradient);
        let root = |squares: &Tensor| power(squares, -self.learning_rate_power);
        let grown = (root(&accumulator) - root(&slots[0])) / &rate;
        let linear = &slots[1] + (shrunk - grown * variable);
        let quadratic = root(&accumulator) / &rate + 2.0 * strength;
        let l1 = self.l1_regularization_strength;
        let next = (clip(&linear, -l1, l1) - &linear) / quadratic;
        Update::new(next, [accumulator, linear])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Ftrl")?;
        if self.learning_rate_power > 0.0 || self.learning_rate_power.is_nan() {
            let received = self.learning_rate_power;
            return Err(Error::config("Ftrl", "learning_rate_power", "at most 0", received));
        }
        let strengths = [
            ("initial_accumulator_value", self.initial_accumulator_value),
            ("l1_regularization_strength", self.l1_regularization_strength),
            ("l2_regularization_strength", self.l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", self.l2_shrinkage_regularization_strength),
        ];
        for (key, strength) in strengths {
            if strength < 0.0 || strength.is_nan() {
                return Err(Error::config("Ftrl", key, "at least 0", strength));
            }
        }
        Ok(())
    }
}
