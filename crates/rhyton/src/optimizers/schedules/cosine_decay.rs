use std::f64::consts::PI;
use std::sync::Arc;

use rhyton_graph::{Tensor, cos, less, minimum, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{LearningRateSchedule, ScheduleKind, ScheduleSpec, check, plain};
use crate::objects::from_config;
use crate::{Error, Result};

/// rate · ((1 − alpha) · ½(1 + cos(π · step / `decay_steps`)) + alpha), and alpha · rate from then
/// on; before it, with a `warmup_target`, a line from the initial rate up to the target.
///
/// Source: Loshchilov & Hutter, "SGDR", 2016; Keras 3.15 `keras.optimizers.schedules.CosineDecay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CosineDecay {
    /// The rate of the first step.
    initial_learning_rate: f64,
    /// In how many steps, after the warm-up, the rate falls; above 0.
    #[serde(serialize_with = "plain")]
    decay_steps: f64,
    /// What part of the rate is left in the end; default 0.
    alpha: f64,
    /// A name for people.
    name: String,
    /// The rate at the end of the warm-up, from which it falls; default no warm-up.
    warmup_target: Option<f64>,
    /// How many steps the warm-up has; default 0.
    #[serde(serialize_with = "plain")]
    warmup_steps: f64,
}

pub(super) static SPEC: ScheduleSpec = ScheduleSpec {
    class_name: "CosineDecay",
    module: "keras.optimizers.schedules",
    aliases: &[],
    from_config: |config| {
        let schedule = from_config::<CosineDecay>("CosineDecay", config, &[])?;
        schedule.validate()?;
        Ok(Arc::new(schedule))
    },
    cases: &[
        r#"{"initial_learning_rate": 0.1, "decay_steps": 20}"#,
        r#"{"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1, "name": "falling"}"#,
        r#"{"initial_learning_rate": 0.0, "decay_steps": 20, "alpha": 0.05, "warmup_target": 0.2, "warmup_steps": 10}"#,
        r#"{"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.2}"#,
    ],
};

crate::configured!(CosineDecay: ScheduleKind, always "initial_learning_rate", "decay_steps");

impl Default for CosineDecay {
    fn default() -> Self {
        Self::new(f64::NAN, f64::NAN)
    }
}

impl CosineDecay {
    /// From a rate down to 0 in this many steps.
    pub fn new(initial_learning_rate: f64, decay_steps: f64) -> Self {
        Self {
            initial_learning_rate,
            decay_steps,
            alpha: 0.0,
            name: "CosineDecay".to_owned(),
            warmup_target: None,
            warmup_steps: 0.0,
        }
    }

    /// The part of the rate that is left, for a step of the fall.
    fn left(&self, step: &Tensor) -> Tensor {
        let cosine = 0.5 * (1.0 + cos(PI * (step / self.decay_steps)));
        (1.0 - self.alpha) * cosine + self.alpha
    }
}

impl LearningRateSchedule for CosineDecay {
    fn call(&self, step: &Tensor) -> Result<Tensor> {
        let Some(target) = self.warmup_target else {
            let step = minimum(step, self.decay_steps);
            return Ok((self.initial_learning_rate * self.left(&step)).checked()?);
        };
        let step = minimum(step, self.decay_steps + self.warmup_steps);
        let falling = target * self.left(&(&step - self.warmup_steps));
        if self.warmup_steps == 0.0 {
            return Ok(falling.checked()?);
        }
        let rise = target - self.initial_learning_rate;
        let rising = rise * (&step / self.warmup_steps) + self.initial_learning_rate;
        Ok(where_(less(&step, self.warmup_steps), rising, falling).checked()?)
    }

    fn validate(&self) -> Result<()> {
        let rates = [
            ("initial_learning_rate", self.initial_learning_rate),
            ("alpha", self.alpha),
            ("warmup_target", self.warmup_target.unwrap_or_default()),
        ];
        check("CosineDecay", ("decay_steps", self.decay_steps), &rates)?;
        if self.warmup_steps.is_finite() && self.warmup_steps >= 0.0 {
            return Ok(());
        }
        Err(Error::config("CosineDecay", "warmup_steps", "at least 0", self.warmup_steps))
    }
}
