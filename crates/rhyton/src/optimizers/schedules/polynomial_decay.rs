use std::sync::Arc;

use rhyton_graph::{Tensor, ceil, equal, minimum, power, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{LearningRateSchedule, ScheduleKind, ScheduleSpec, check, plain};
use crate::Result;
use crate::objects::from_config;

/// (initial − end) · (1 − step / `decay_steps`)^`power` + end; end from then on.
///
/// Source: Keras 3.15 `keras.optimizers.schedules.PolynomialDecay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct PolynomialDecay {
    /// The rate of the first step.
    initial_learning_rate: f64,
    /// After how many steps the end is reached, above 0.
    #[serde(serialize_with = "plain")]
    decay_steps: f64,
    /// The rate in the end; default 0.0001.
    end_learning_rate: f64,
    /// 1 for a line; default 1.
    power: f64,
    /// Whether, past the end, the rate rises again to fall over as many steps more; default false.
    cycle: bool,
    /// A name for people.
    name: String,
}

pub(super) static SPEC: ScheduleSpec = ScheduleSpec {
    class_name: "PolynomialDecay",
    module: "keras.optimizers.schedules",
    aliases: &[],
    from_config: |config| {
        let schedule = from_config::<PolynomialDecay>("PolynomialDecay", config, &[])?;
        schedule.validate()?;
        Ok(Arc::new(schedule))
    },
    cases: &[
        r#"{"initial_learning_rate": 0.1, "decay_steps": 20}"#,
        r#"{"initial_learning_rate": 0.1, "decay_steps": 20, "end_learning_rate": 0.01, "power": 2.0}"#,
        r#"{"initial_learning_rate": 0.1, "decay_steps": 8, "end_learning_rate": 0.01, "power": 0.5, "cycle": true}"#,
    ],
};

crate::configured!(PolynomialDecay: ScheduleKind, always "initial_learning_rate", "decay_steps");

impl Default for PolynomialDecay {
    fn default() -> Self {
        Self::new(f64::NAN, f64::NAN)
    }
}

impl PolynomialDecay {
    /// From a rate along a line to 0.0001 in this many steps.
    pub fn new(initial_learning_rate: f64, decay_steps: f64) -> Self {
        Self {
            initial_learning_rate,
            decay_steps,
            end_learning_rate: 0.0001,
            power: 1.0,
            cycle: false,
            name: "PolynomialDecay".to_owned(),
        }
    }
}

impl LearningRateSchedule for PolynomialDecay {
    fn call(&self, step: &Tensor) -> Result<Tensor> {
        let done = if self.cycle {
            let cycles = where_(equal(step, 0), 1.0, ceil(step / self.decay_steps));
            step / (self.decay_steps * cycles)
        } else {
            minimum(step, self.decay_steps) / self.decay_steps
        };
        let range = self.initial_learning_rate - self.end_learning_rate;
        Ok((range * power(1.0 - done, self.power) + self.end_learning_rate).checked()?)
    }

    fn validate(&self) -> Result<()> {
        let rates = [
            ("initial_learning_rate", self.initial_learning_rate),
            ("end_learning_rate", self.end_learning_rate),
            ("power", self.power),
        ];
        check("PolynomialDecay", ("decay_steps", self.decay_steps), &rates)
    }
}
