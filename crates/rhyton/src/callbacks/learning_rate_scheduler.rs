use std::fmt;

use super::python_number::python_number;
use super::{Callback, Training};
use crate::Result;
use crate::training::Logs;

/// Sets the learning rate before every epoch, and puts it among the epoch's values as
/// `learning_rate`.
///
/// Source: Keras 3.15 `keras.callbacks.LearningRateScheduler`.
pub struct LearningRateScheduler<'a> {
    schedule: Box<dyn Fn(usize, f64) -> f64 + 'a>,
    verbose: bool,
}

impl fmt::Debug for LearningRateScheduler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearningRateScheduler").finish_non_exhaustive()
    }
}

impl<'a> LearningRateScheduler<'a> {
    /// A function of the epoch, counted from 0, and the rate so far. The optimizer's own rate has
    /// to be a number, not a schedule.
    ///
    /// ```
    /// # use rhyton::callbacks::LearningRateScheduler;
    /// let scheduler = LearningRateScheduler::new(|epoch, rate| {
    ///     if epoch < 10 { rate } else { rate * (-0.1_f64).exp() }
    /// });
    /// ```
    pub fn new(schedule: impl Fn(usize, f64) -> f64 + 'a) -> Self {
        Self { schedule: Box::new(schedule), verbose: false }
    }

    /// Whether it says what it sets; default false.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }
}

impl Callback for LearningRateScheduler<'_> {
    fn on_epoch_begin(&mut self, cx: &mut Training<'_>, epoch: usize) -> Result<()> {
        let rate = (self.schedule)(epoch, cx.model.learning_rate()?);
        cx.model.set_learning_rate(rate)?;
        if self.verbose {
            crate::notices::say(&format!(
                "\nEpoch {}: LearningRateScheduler setting learning rate to {}.",
                epoch + 1,
                python_number(rate)
            ));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, _: usize, _: &Logs) -> Result<()> {
        cx.log("learning_rate", cx.model.learning_rate()?);
        Ok(())
    }
}
