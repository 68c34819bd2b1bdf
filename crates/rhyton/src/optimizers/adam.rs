use std::sync::Arc;

use rhyton_graph::{Tensor, cast, maximum, power, sqrt, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::options::{option_setters, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, StepContext, Update};
use crate::Result;
use crate::objects::changed_config;

/// Steps by running means of gradients and of their squares.
///
/// In step t = 1, 2, …: m += (g − m) · (1 − β₁), v += (g² − v) · (1 − β₂),
/// w −= m · r · √(1 − β₂ᵗ) / (1 − β₁ᵗ) / (√v + ε). With `amsgrad` the largest v so far divides.
///
/// Source: Kingma & Ba, "Adam", 2014; Keras 3.15 `keras.optimizers.Adam`, whose ε stands outside
/// the bias correction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct Adam {
    /// Name, learning rate (default 0.001), weight decay, clipping.
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

option_setters!(Adam);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Adam",
    module: "keras.optimizers",
    aliases: &["adam", "Custom>Adam"],
    from_config: |config| {
        let optimizer = read::<Adam>("Adam", config)?;
        optimizer.validate()?;
        Ok(Arc::new(optimizer))
    },
    cases: &[
        "{}",
        r#"{"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5}"#,
        r#"{"learning_rate": 0.05, "amsgrad": true, "clipnorm": 0.5}"#,
        r#"{"weight_decay": 0.1, "global_clipnorm": 0.5}"#,
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
        let rate = cast(step.learning_rate, dtype);
        let count = cast(&(step.iteration + 1), dtype);
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
        let variable = variable - momentum * alpha / (sqrt(divisor) + self.epsilon);
        let slots = new.into_iter().map(Tensor::checked).collect::<Result<_, _>>()?;
        Ok(Update { variable: variable.checked()?, slots })
    }

    /// The slots of such an optimizer.
    pub(super) fn slot_groups(amsgrad: bool) -> Vec<Vec<&'static str>> {
        let mut groups = vec![vec!["momentum", "velocity"]];
        if amsgrad {
            groups.push(vec!["velocity_hat"]);
        }
        groups
    }
}

impl Optimizer for Adam {
    fn spec(&self) -> &'static OptimizerSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn slot_groups(&self) -> Vec<Vec<&'static str>> {
        Moments::slot_groups(self.amsgrad)
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
}
