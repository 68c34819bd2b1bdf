//! Keras' learning rate schedules: the rate of a step, from the number of steps before it.
//!
//! A function of your own is a [`FunctionSchedule`]. To add one that configurations can name: a
//! file, its `mod` line and its line in [`SCHEDULES`].

use std::fmt::Debug;

use rhyton_graph::Tensor;
use serde::Serializer;

use crate::objects::{Any, Configured, ObjectList, ObjectSpec, listed};
use crate::{Error, Result};

mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod function;
mod inverse_time_decay;
mod piecewise_constant_decay;
mod polynomial_decay;

pub use cosine_decay::CosineDecay;
pub use cosine_decay_restarts::CosineDecayRestarts;
pub use exponential_decay::ExponentialDecay;
pub use function::FunctionSchedule;
pub use inverse_time_decay::InverseTimeDecay;
pub use piecewise_constant_decay::PiecewiseConstantDecay;
pub use polynomial_decay::PolynomialDecay;

/// One kind of schedule in the list of all.
pub type ScheduleSpec = ObjectSpec<dyn LearningRateSchedule>;

/// The kind of schedules.
#[derive(Debug)]
pub enum ScheduleKind {}

listed!(LearningRateSchedule, ScheduleKind, SCHEDULES);

/// Any schedule, from a value or Keras' configuration.
pub type AnySchedule = Any<ScheduleKind>;

/// All schedules that are built in.
pub static SCHEDULES: ObjectList<dyn LearningRateSchedule> = ObjectList {
    kind: "schedule",
    specs: &[
        &cosine_decay::SPEC,
        &cosine_decay_restarts::SPEC,
        &exponential_decay::SPEC,
        &inverse_time_decay::SPEC,
        &piecewise_constant_decay::SPEC,
        &polynomial_decay::SPEC,
    ],
};

/// The learning rate by the number of steps before.
pub trait LearningRateSchedule: Configured<ScheduleKind> + Debug + Send + Sync {
    /// The learning rate, a float32 scalar, from the number of steps before, another.
    ///
    /// # Errors
    /// What an operation refuses.
    fn call(&self, step: &Tensor) -> Result<Tensor>;

    /// Refuses values out of range; reading a configuration calls it, and compiling does.
    ///
    /// # Errors
    /// [`Error::Config`] naming the key.
    fn validate(&self) -> Result<()>;
}

/// Refuses steps that are none and rates that are no numbers.
fn check(
    class_name: &str,
    steps: (&'static str, f64),
    rates: &[(&'static str, f64)],
) -> Result<()> {
    if !(steps.1.is_finite() && steps.1 > 0.0) {
        return Err(Error::config(class_name, steps.0, "a number above 0", steps.1));
    }
    match rates.iter().find(|(_, rate)| !rate.is_finite()) {
        Some((key, rate)) => Err(Error::config(class_name, *key, "a number", rate)),
        None => Ok(()),
    }
}

/// A number as Keras' users write it: without a fraction where there is none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn plain<S: Serializer>(value: &f64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

#[cfg(test)]
mod tests;
