use rhyton_graph::{Tensor, expand_dims, maximum, mean, minimum, power, sqrt, square};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::options::{optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// Steps divided by the root of a running mean of squares, of which a matrix keeps only the means
/// of its rows and columns.
///
/// With β = 1 − t^`beta_2_decay` and s = g² + ε₁: r and c follow the means of s over the last and
/// the last but one axis, v = r / mean(r) · c (for a vector v follows s itself); u = g / √v,
/// w −= max(ε₂, RMS(w)) · ρ · u / max(1, RMS(u) / `clip_threshold`) with ρ = min(rate, 1/√t).
///
/// Source: Shazeer & Stern 2018; Keras 3.15 `keras.optimizers.Adafactor`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Adafactor {
    /// Name, learning rate (default 0.001), weight decay, clipping, averaging, accumulation.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How fast running means get longer; default −0.8.
    beta_2_decay: f64,
    /// Added to squared gradients; default 1e-30.
    epsilon_1: f64,
    /// The least root mean square of a weight that counts; default 1e-3.
    epsilon_2: f64,
    /// The largest root mean square of a step before the rate; default 1.
    clip_threshold: f64,
    /// Kept for Keras' files; the rate is at most 1/√t in either case, as there. Default true.
    relative_step: bool,
}

optimizer_settings!(Adafactor);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Adafactor",
    module: "keras.optimizers",
    aliases: &["adafactor"],
    from_config: read::<Adafactor>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.5, "beta_2_decay": -0.5, "epsilon_1": 1e-3, "epsilon_2": 0.01, "clip_threshold": 0.7}"#,
        r#"{"learning_rate": 0.2, "relative_step": false, "weight_decay": 0.1, "clipvalue": 0.5}"#,
    ],
};

impl Default for Adafactor {
    fn default() -> Self {
        Self {
            options: OptimizerOptions::new("adafactor", 0.001),
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            relative_step: true,
        }
    }
}

impl Optimizer for Adafactor {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        let shape = weight.spec.shape.bind(0);
        // Keras keeps whole numbers in the places that a vector does not need.
        let unused = |name| {
            let slot = Slot::scalar(name, 0.0);
            Slot { spec: slot.spec.with_dtype(DType::I32), ..slot }
        };
        let part = |name, kept: Option<Vec<usize>>| {
            kept.map_or_else(|| unused(name), |shape| Slot::of(weight, name).with_shape(&shape))
        };
        let (rows, columns) = match shape.as_slice() {
            [outer @ .., rows, columns] => {
                let with = |size: usize| Some([outer, &[size]].concat());
                (with(*rows), with(*columns))
            }
            _ => (None, None),
        };
        vec![vec![part("r", rows), part("c", columns), Slot::of(weight, "velocity")]]
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let (rate, count) = (step.rate(variable.dtype()), step.count(variable.dtype()));
        let rms = |x: &Tensor| sqrt(mean(&square(x), None, false));
        let rate = minimum(rate, 1.0 / sqrt(&count));
        let alpha = maximum(rms(variable), self.epsilon_2) * rate;
        let squares = square(gradient) + self.epsilon_1;
        let beta = 1.0 - power(&count, self.beta_2_decay);
        let running = |old: &Tensor, now: &Tensor| &beta * old + (1.0 - &beta) * now;
        let [rows, columns, velocity] = if variable.rank() >= 2 {
            let rows = running(&slots[0], &mean(&squares, Some(&[-1]), false));
            let columns = running(&slots[1], &mean(&squares, Some(&[-2]), false));
            let shares = &rows / mean(&rows, Some(&[-1]), true);
            let velocity = expand_dims(&shares, -1) * expand_dims(&columns, -2);
            [rows, columns, velocity]
        } else {
            [slots[0].clone(), slots[1].clone(), running(&slots[2], &squares)]
        };
        let update = gradient / sqrt(&velocity);
        let clipped = &update / maximum(rms(&update) / self.clip_threshold, 1.0);
        Update::new(variable - alpha * clipped, [rows, columns, velocity])
    }
}
