use std::sync::Arc;

use rhyton_graph::{Tensor, less_equal, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{LearningRateSchedule, ScheduleKind, ScheduleSpec};
use crate::objects::from_config;
use crate::{Error, Result};

/// The first value up to and with the first boundary, the second up to and with the second, ….
///
/// Source: Keras 3.15 `keras.optimizers.schedules.PiecewiseConstantDecay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct PiecewiseConstantDecay {
    /// The last step of every value but the last, growing.
    boundaries: Vec<f64>,
    /// The rates, one more than boundaries.
    values: Vec<f64>,
    /// A name for people.
    name: String,
}

pub(super) static SPEC: ScheduleSpec = ScheduleSpec {
    class_name: "PiecewiseConstantDecay",
    module: "keras.optimizers.schedules",
    aliases: &[],
    from_config: |config| {
        let class_name = "PiecewiseConstantDecay";
        let schedule = from_config::<PiecewiseConstantDecay>(class_name, config, &[])?;
        schedule.validate()?;
        Ok(Arc::new(schedule))
    },
    cases: &[
        r#"{"boundaries": [3, 12], "values": [0.1, 0.05, 0.01]}"#,
        r#"{"boundaries": [20], "values": [1.0, 0.5], "name": "steps"}"#,
    ],
};

crate::configured!(PiecewiseConstantDecay: ScheduleKind, always "boundaries", "values");

impl Default for PiecewiseConstantDecay {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl PiecewiseConstantDecay {
    /// Rates, and the last steps of all but the last.
    pub fn new(boundaries: &[u64], values: &[f64]) -> Self {
        Self {
            boundaries: boundaries.iter().map(|&step| step as f64).collect(),
            values: values.to_vec(),
            name: "PiecewiseConstant".to_owned(),
        }
    }
}

impl LearningRateSchedule for PiecewiseConstantDecay {
    fn call(&self, step: &Tensor) -> Result<Tensor> {
        self.validate()?;
        let (last, before) = self.values.split_last().expect("more values than boundaries");
        let pieces = self.boundaries.iter().zip(before).rev();
        let rate = pieces.fold(step.scalar_like(*last), |rate, (&boundary, &value)| {
            where_(less_equal(step, boundary), value, rate)
        });
        Ok(rate.checked()?)
    }

    fn validate(&self) -> Result<()> {
        if self.values.len() != self.boundaries.len() + 1 {
            let expected = format!("one value more than {} boundaries", self.boundaries.len());
            let received = self.values.len();
            return Err(Error::config("PiecewiseConstantDecay", "values", expected, received));
        }
        let grow = self.boundaries.windows(2).all(|pair| pair[0] < pair[1]);
        if grow && self.boundaries.iter().chain(&self.values).all(|number| number.is_finite()) {
            return Ok(());
        }
        let expected = "growing numbers";
        let received = format!("{:?}", self.boundaries);
        Err(Error::config("PiecewiseConstantDecay", "boundaries", expected, received))
    }
}
