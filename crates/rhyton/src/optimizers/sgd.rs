use std::sync::Arc;

use rhyton_graph::{Tensor, cast};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::options::{option_setters, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, StepContext, Update};
use crate::objects::changed_config;
use crate::{Error, Result};

/// Gradient descent, with momentum if wanted.
///
/// Without momentum w −= g · r. With it, m = m · momentum − g · r and w += m, or for Nesterov's
/// w += m · momentum − g · r with the new m.
///
/// Source: Keras 3.15 `keras.optimizers.SGD`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
pub struct SGD {
    /// Name, learning rate (default 0.01), weight decay, clipping.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the last step is kept, in [0, 1]; default 0.
    momentum: f64,
    /// Whether the step is taken from where momentum leads; default false.
    nesterov: bool,
}

option_setters!(SGD);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "SGD",
    module: "keras.optimizers",
    aliases: &["sgd"],
    from_config: |config| {
        let optimizer = read::<SGD>("SGD", config)?;
        optimizer.validate()?;
        Ok(Arc::new(optimizer))
    },
    cases: &[
        "{}",
        r#"{"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}"#,
        r#"{"momentum": 0.8, "nesterov": true, "clipvalue": 0.5}"#,
        r#"{"learning_rate": 0.1, "clipnorm": 0.7}"#,
        r#"{"learning_rate": 0.1, "global_clipnorm": 0.9}"#,
    ],
};

impl Default for SGD {
    fn default() -> Self {
        let options = OptimizerOptions::new("sgd", 0.01);
        Self { options, momentum: 0.0, nesterov: false }
    }
}

impl Optimizer for SGD {
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
        if self.momentum == 0.0 { Vec::new() } else { vec![vec!["momentum"]] }
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let move_by = gradient * cast(step.learning_rate, variable.dtype());
        let [momentum] = slots else {
            return Ok(Update { variable: (variable - move_by).checked()?, slots: Vec::new() });
        };
        let momentum = (momentum * self.momentum - &move_by).checked()?;
        let variable = if self.nesterov {
            variable + (&momentum * self.momentum - move_by)
        } else {
            variable + &momentum
        };
        Ok(Update { variable: variable.checked()?, slots: vec![momentum] })
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("SGD")?;
        if (0.0..=1.0).contains(&self.momentum) {
            return Ok(());
        }
        Err(Error::config("SGD", "momentum", "a number in [0, 1]", self.momentum))
    }
}
