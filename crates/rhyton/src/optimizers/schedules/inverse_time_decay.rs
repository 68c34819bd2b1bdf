use std::sync::Arc;

use rhyton_graph::{Tensor, floor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{LearningRateSchedule, ScheduleKind, ScheduleSpec, check, plain};
use crate::Result;
use crate::objects::from_config;

/// `initial_learning_rate` / (1 + `decay_rate` · step / `decay_steps`).
///
/// Source: Keras 3.15 `keras.optimizers.schedules.InverseTimeDecay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct InverseTimeDecay {
    /// The rate of the first step.
    initial_learning_rate: f64,
    /// In how many steps the divisor grows once, above 0.
    #[serde(serialize_with = "plain")]
    decay_steps: f64,
    /// How much it grows in that time.
    decay_rate: f64,
    /// Whether it grows at once at the end of that time; default false.
    staircase: bool,
    /// A name for people.
    name: String,
}

pub(super) static SPEC: ScheduleSpec = ScheduleSpec {
    class_name: "InverseTimeDecay",
    module: "keras.optimizers.schedules",
    aliases: &[],
    from_config: |config| {
        let schedule = from_config::<InverseTimeDecay>("InverseTimeDecay", config, &[])?;
        schedule.validate()?;
        Ok(Arc::new(schedule))
    },
    cases: &[
        r#"{"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}"#,
        r#"{"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 2.0, "staircase": true}"#,
    ],
};

crate::configured!(InverseTimeDecay: ScheduleKind,
    always "initial_learning_rate", "decay_steps", "decay_rate");

impl Default for InverseTimeDecay {
    fn default() -> Self {
        Self::new(f64::NAN, f64::NAN, f64::NAN)
    }
}

impl InverseTimeDecay {
    /// From a rate, divided by 1, 1 + `decay_rate`, … every `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: f64, decay_rate: f64) -> Self {
        let name = "InverseTimeDecay".to_owned();
        Self { initial_learning_rate, decay_steps, decay_rate, staircase: false, name }
    }
}

impl LearningRateSchedule for InverseTimeDecay {
    fn call(&self, step: &Tensor) -> Result<Tensor> {
        let mut grown = step / self.decay_steps;
        if self.staircase {
            grown = floor(grown);
        }
        let divisor: Tensor = 1.0 + self.decay_rate * grown;
        Ok((self.initial_learning_rate / divisor).checked()?)
    }

    fn validate(&self) -> Result<()> {
        let rates = [
            ("initial_learning_rate", self.initial_learning_rate),
            ("decay_rate", self.decay_rate),
        ];
        check("InverseTimeDecay", ("decay_steps", self.decay_steps), &rates)
    }
}
