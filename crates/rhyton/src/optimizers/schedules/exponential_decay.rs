use std::sync::Arc;

use rhyton_graph::{Tensor, floor, power};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{LearningRateSchedule, ScheduleKind, ScheduleSpec, check, plain};
use crate::Result;
use crate::objects::from_config;

/// `initial_learning_rate` · `decay_rate` ^ (step / `decay_steps`).
///
/// Source: Keras 3.15 `keras.optimizers.schedules.ExponentialDecay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct ExponentialDecay {
    /// The rate of the first step.
    initial_learning_rate: f64,
    /// In how many steps the rate falls once, above 0.
    #[serde(serialize_with = "plain")]
    decay_steps: f64,
    /// What the rate is multiplied by in that time.
    decay_rate: f64,
    /// Whether it falls at once at the end of that time; default false.
    staircase: bool,
    /// A name for people.
    name: String,
}

pub(super) static SPEC: ScheduleSpec = ScheduleSpec {
    class_name: "ExponentialDecay",
    module: "keras.optimizers.schedules",
    aliases: &[],
    from_config: |config| {
        let schedule = from_config::<ExponentialDecay>("ExponentialDecay", config, &[])?;
        schedule.validate()?;
        Ok(Arc::new(schedule))
    },
    cases: &[
        r#"{"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}"#,
        r#"{"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": true, "name": "falling"}"#,
    ],
};

crate::configured!(ExponentialDecay: ScheduleKind,
    always "initial_learning_rate", "decay_steps", "decay_rate");

impl Default for ExponentialDecay {
    fn default() -> Self {
        Self::new(f64::NAN, f64::NAN, f64::NAN)
    }
}

impl ExponentialDecay {
    /// From a rate, multiplied by `decay_rate` in every `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: f64, decay_rate: f64) -> Self {
        let name = "ExponentialDecay".to_owned();
        Self { initial_learning_rate, decay_steps, decay_rate, staircase: false, name }
    }
}

impl LearningRateSchedule for ExponentialDecay {
    fn call(&self, step: &Tensor) -> Result<Tensor> {
        let mut falls = step / self.decay_steps;
        if self.staircase {
            falls = floor(falls);
        }
        let fallen = power(step.scalar_like(self.decay_rate), falls);
        Ok((self.initial_learning_rate * fallen).checked()?)
    }

    fn validate(&self) -> Result<()> {
        let rates = [
            ("initial_learning_rate", self.initial_learning_rate),
            ("decay_rate", self.decay_rate),
        ];
        check("ExponentialDecay", ("decay_steps", self.decay_steps), &rates)
    }
}
