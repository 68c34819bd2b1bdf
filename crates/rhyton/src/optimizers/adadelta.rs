use rhyton_graph::{Tensor, negative, sqrt, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// Steps as long as the steps so far, for gradients as long as the gradients so far.
///
/// a = ρ · a + (1 − ρ) · g², Δ = −g · √(d + ε) / √(a + ε), d = ρ · d + (1 − ρ) · Δ², w += r · Δ.
///
/// Source: Zeiler 2012; Keras 3.15 `keras.optimizers.Adadelta`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Adadelta {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the running means is kept; default 0.95.
    rho: f64,
    /// Added under the roots; default 1e-7.
    epsilon: f64,
}

optimizer_settings!(Adadelta);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Adadelta",
    module: "keras.optimizers",
    aliases: &["adadelta"],
    from_config: read::<Adadelta>,
    cases: &[
        r#"{"learning_rate": 1.0}"#,
        r#"{"learning_rate": 1.0, "rho": 0.7, "epsilon": 1e-2}"#,
        r#"{"learning_rate": 5.0, "epsilon": 1e-3, "weight_decay": 0.01, "global_clipnorm": 0.7}"#,
    ],
};

impl Default for Adadelta {
    fn default() -> Self {
        let options = OptimizerOptions::new("adadelta", 0.001);
        Self { options, rho: 0.95, epsilon: 1e-7 }
    }
}

impl Optimizer for Adadelta {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        let names = ["accumulated_grad", "accumulated_delta_var"];
        vec![names.map(|name| Slot::of(weight, name)).to_vec()]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let running = |mean: &Tensor, now: Tensor| self.rho * mean + (1.0 - self.rho) * now;
        let length = |squares: &Tensor| sqrt(squares + self.epsilon);
        let gradients = running(&slots[0], square(gradient));
        let delta = negative(length(&slots[1]) * gradient / length(&gradients));
        let deltas = running(&slots[1], square(&delta));
        Update::new(variable + step.rate(variable.dtype()) * delta, [gradients, deltas])
    }
}
