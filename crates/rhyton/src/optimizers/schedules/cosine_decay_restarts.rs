use std::f64::consts::PI;
use std::sync::Arc;

use rhyton_graph::{Tensor, cos, floor, log, power};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{LearningRateSchedule, ScheduleKind, ScheduleSpec, check, plain};
use crate::objects::from_config;
use crate::{Error, Result};

/// [`super::CosineDecay`] that starts again at its end: each fall takes `t_mul` times as many steps
/// as the one before, from `m_mul` times the rate.
///
/// Source: Loshchilov & Hutter, "SGDR", 2016; Keras 3.15
/// `keras.optimizers.schedules.CosineDecayRestarts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CosineDecayRestarts {
    /// The rate of the first step.
    initial_learning_rate: f64,
    /// In how many steps the rate falls the first time, above 0.
    #[serde(serialize_with = "plain")]
    first_decay_steps: f64,
    /// How many times longer each fall is, at least 1; default 2.
    t_mul: f64,
    /// How many times higher each fall begins; default 1.
    m_mul: f64,
    /// What part of the rate is left in the end; default 0.
    alpha: f64,
    /// A name for people.
    name: String,
}

pub(super) static SPEC: ScheduleSpec = ScheduleSpec {
    class_name: "CosineDecayRestarts",
    module: "keras.optimizers.schedules",
    aliases: &[],
    from_config: |config| {
        let schedule = from_config::<CosineDecayRestarts>("CosineDecayRestarts", config, &[])?;
        schedule.validate()?;
        Ok(Arc::new(schedule))
    },
    cases: &[
        r#"{"initial_learning_rate": 0.1, "first_decay_steps": 4}"#,
        r#"{"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.0, "m_mul": 0.8}"#,
        r#"{"initial_learning_rate": 0.1, "first_decay_steps": 5.5, "t_mul": 1.5, "m_mul": 0.9, "alpha": 0.1}"#,
    ],
};

crate::configured!(CosineDecayRestarts: ScheduleKind,
    always "initial_learning_rate", "first_decay_steps");

impl Default for CosineDecayRestarts {
    fn default() -> Self {
        Self::new(f64::NAN, f64::NAN)
    }
}

impl CosineDecayRestarts {
    /// From a rate down to 0 in this many steps, then again in twice as many, ….
    pub fn new(initial_learning_rate: f64, first_decay_steps: f64) -> Self {
        Self {
            initial_learning_rate,
            first_decay_steps,
            t_mul: 2.0,
            m_mul: 1.0,
            alpha: 0.0,
            name: "SGDRDecay".to_owned(),
        }
    }
}

impl LearningRateSchedule for CosineDecayRestarts {
    fn call(&self, step: &Tensor) -> Result<Tensor> {
        let done = step / self.first_decay_steps;
        let number = |value: f64| step.scalar_like(value);
        let (restarts, done) = if self.t_mul == 1.0 {
            let restarts = floor(&done);
            (restarts.clone(), done - restarts)
        } else {
            let grown = 1.0 - &done * (1.0 - self.t_mul);
            let restarts = floor(log(grown) / log(number(self.t_mul)));
            let longer = power(number(self.t_mul), &restarts);
            let before = (1.0 - &longer) / (1.0 - self.t_mul);
            (restarts, (done - before) / longer)
        };
        let higher = power(number(self.m_mul), restarts);
        let cosine: Tensor = 0.5 * higher * (1.0 + cos(PI * done));
        let left = (1.0 - self.alpha) * cosine + self.alpha;
        Ok((self.initial_learning_rate * left).checked()?)
    }

    fn validate(&self) -> Result<()> {
        let rates = [
            ("initial_learning_rate", self.initial_learning_rate),
            ("m_mul", self.m_mul),
            ("alpha", self.alpha),
        ];
        let steps = ("first_decay_steps", self.first_decay_steps);
        check("CosineDecayRestarts", steps, &rates)?;
        if self.t_mul.is_finite() && self.t_mul >= 1.0 {
            return Ok(());
        }
        Err(Error::config("CosineDecayRestarts", "t_mul", "at least 1", self.t_mul))
    }
}
