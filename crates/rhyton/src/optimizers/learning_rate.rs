use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use rhyton_graph::{Tensor, eval};
use rhyton_tensor::Array;

use super::schedules::{AnySchedule, FunctionSchedule, LearningRateSchedule};
use crate::{Error, Result};

/// How far the steps of an optimizer go: always as far, or by a schedule of the step.
///
/// A number is a variable of the model: `Model::set_learning_rate` changes it, files keep it. A
/// schedule is computed in the program from the number of steps before.
#[derive(Debug, Clone, PartialEq)]
pub enum LearningRate {
    /// The same in every step until it is set anew.
    Constant(f64),
    /// One of Keras' schedules, or your own struct.
    Schedule(AnySchedule),
    /// Your own function of the step.
    Function(FunctionSchedule),
}

impl LearningRate {
    /// Whether the rate is a variable that can be set.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The rate in a step as a float32 scalar, for a scalar that counts the steps before; `None`
    /// for a constant.
    ///
    /// # Errors
    /// What the schedule refuses.
    pub fn scheduled(&self, step: &Tensor) -> Result<Option<Tensor>> {
        let step = || rhyton_graph::cast(step, rhyton_tensor::DType::F32);
        match self {
            Self::Constant(_) => Ok(None),
            Self::Schedule(schedule) => Ok(Some(schedule.get()?.call(&step())?)),
            Self::Function(function) => Ok(Some(function.call(&step())?)),
        }
    }

    /// The rate after this many steps; a constant's first value.
    ///
    /// # Errors
    /// What the schedule refuses.
    pub fn after(&self, steps: u64) -> Result<f64> {
        if let Self::Constant(rate) = self {
            return Ok(f64::from(*rate as f32));
        }
        let mut failed = None;
        let step = Array::scalar(steps as f32);
        let found = eval(
            |x| match self.scheduled(&x[0]) {
                Ok(rate) => rate.into_iter().collect(),
                Err(error) => {
                    failed = Some(error);
                    Vec::new()
                }
            },
            &[&step],
        );
        failed.map_or(Ok(()), Err)?;
        Ok(found?[0].to_f64()[0])
    }

    /// Refuses a rate or a schedule's settings that are no numbers.
    pub(super) fn validate(&self, class_name: &str) -> Result<()> {
        match self {
            Self::Constant(rate) if (*rate as f32).is_finite() => Ok(()),
            Self::Constant(rate) => {
                Err(Error::config(class_name, "learning_rate", "a finite number", rate))
            }
            Self::Schedule(schedule) => {
                let checked = schedule.get().and_then(|schedule| schedule.validate());
                checked.map_err(|error| error.within(class_name))
            }
            Self::Function(_) => Ok(()),
        }
    }
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> Self {
        Self::Constant(rate)
    }
}

impl From<AnySchedule> for LearningRate {
    fn from(schedule: AnySchedule) -> Self {
        Self::Schedule(schedule)
    }
}

impl From<FunctionSchedule> for LearningRate {
    fn from(function: FunctionSchedule) -> Self {
        Self::Function(function)
    }
}

impl<T: LearningRateSchedule + 'static> From<T> for LearningRate {
    fn from(schedule: T) -> Self {
        Self::Schedule(schedule.into())
    }
}

impl Serialize for LearningRate {
    /// A number as the float32 that the variable holds, a schedule in Keras' object form.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(rate) => serializer.serialize_f64(f64::from(*rate as f32)),
            Self::Schedule(schedule) => schedule.serialize(serializer),
            Self::Function(function) => {
                let config = json!({"program": function.text()});
                json!({"module": null, "class_name": FUNCTION, "config": config})
                    .serialize(serializer)
            }
        }
    }
}

/// The class under which a function's program stands in a configuration.
const FUNCTION: &str = "FunctionSchedule";

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some(rate) = value.as_f64() {
            return Ok(Self::Constant(rate));
        }
        if value.get("class_name").is_some_and(|name| name == FUNCTION) {
            let text = value.pointer("/config/program").and_then(Value::as_str);
            let function = FunctionSchedule::from_text(text.unwrap_or_default());
            return function.map(Self::Function).map_err(D::Error::custom);
        }
        AnySchedule::deserialize(value).map(Self::Schedule).map_err(D::Error::custom)
    }
}
