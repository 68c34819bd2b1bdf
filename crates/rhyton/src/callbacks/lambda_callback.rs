use std::fmt;

use super::{Callback, Training};
use crate::Result;
use crate::training::Logs;

type OnTraining<'a> = Option<Box<dyn FnMut(&mut Training<'_>) + 'a>>;
type OnCount<'a> = Option<Box<dyn FnMut(&mut Training<'_>, usize) + 'a>>;
type OnLogs<'a> = Option<Box<dyn FnMut(&mut Training<'_>, &Logs) + 'a>>;
type OnEpochEnd<'a> = Option<Box<dyn FnMut(&mut Training<'_>, usize, &Logs) + 'a>>;

/// A callback of functions. One that can fail, or that keeps something over an interruption, is a
/// [`Callback`] of its own.
///
/// ```
/// # use rhyton::callbacks::LambdaCallback;
/// let callback = LambdaCallback::new()
///     .on_epoch_end(|cx, epoch, logs| {
///         println!("{epoch}: {}", logs["loss"]);
///         cx.stop_training |= logs["loss"] < 0.1;
///     });
/// ```
///
/// Source: Keras 3.15 `keras.callbacks.LambdaCallback`.
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: OnTraining<'a>,
    train_end: OnTraining<'a>,
    epoch_begin: OnCount<'a>,
    epoch_end: OnEpochEnd<'a>,
    train_batch_begin: OnCount<'a>,
    train_batch_end: OnCount<'a>,
    test_begin: OnTraining<'a>,
    test_end: OnLogs<'a>,
    test_batch_begin: OnCount<'a>,
    test_batch_end: OnCount<'a>,
}

impl fmt::Debug for LambdaCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LambdaCallback").finish_non_exhaustive()
    }
}

impl<'a> LambdaCallback<'a> {
    /// Does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Called before the first epoch.
    #[must_use]
    pub fn on_train_begin(mut self, call: impl FnMut(&mut Training<'_>) + 'a) -> Self {
        self.train_begin = Some(Box::new(call));
        self
    }

    /// Called after the last epoch.
    #[must_use]
    pub fn on_train_end(mut self, call: impl FnMut(&mut Training<'_>) + 'a) -> Self {
        self.train_end = Some(Box::new(call));
        self
    }

    /// Called before every epoch, with its number from 0.
    #[must_use]
    pub fn on_epoch_begin(mut self, call: impl FnMut(&mut Training<'_>, usize) + 'a) -> Self {
        self.epoch_begin = Some(Box::new(call));
        self
    }

    /// Called after every epoch, with its number and values.
    #[must_use]
    pub fn on_epoch_end(mut self, call: impl FnMut(&mut Training<'_>, usize, &Logs) + 'a) -> Self {
        self.epoch_end = Some(Box::new(call));
        self
    }

    /// Called before every step, with its number in the epoch.
    #[must_use]
    pub fn on_train_batch_begin(mut self, call: impl FnMut(&mut Training<'_>, usize) + 'a) -> Self {
        self.train_batch_begin = Some(Box::new(call));
        self
    }

    /// Called after every step, with its number in the epoch; [`Training::logs`] has the values.
    #[must_use]
    pub fn on_train_batch_end(mut self, call: impl FnMut(&mut Training<'_>, usize) + 'a) -> Self {
        self.train_batch_end = Some(Box::new(call));
        self
    }

    /// Called before every validation.
    #[must_use]
    pub fn on_test_begin(mut self, call: impl FnMut(&mut Training<'_>) + 'a) -> Self {
        self.test_begin = Some(Box::new(call));
        self
    }

    /// Called after every validation, with its values.
    #[must_use]
    pub fn on_test_end(mut self, call: impl FnMut(&mut Training<'_>, &Logs) + 'a) -> Self {
        self.test_end = Some(Box::new(call));
        self
    }

    /// Called before every batch of a validation.
    #[must_use]
    pub fn on_test_batch_begin(mut self, call: impl FnMut(&mut Training<'_>, usize) + 'a) -> Self {
        self.test_batch_begin = Some(Box::new(call));
        self
    }

    /// Called after every batch of a validation.
    #[must_use]
    pub fn on_test_batch_end(mut self, call: impl FnMut(&mut Training<'_>, usize) + 'a) -> Self {
        self.test_batch_end = Some(Box::new(call));
        self
    }
}

impl Callback for LambdaCallback<'_> {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if let Some(call) = &mut self.train_begin {
            call(cx);
        }
        Ok(())
    }

    fn on_epoch_begin(&mut self, cx: &mut Training<'_>, epoch: usize) -> Result<()> {
        if let Some(call) = &mut self.epoch_begin {
            call(cx, epoch);
        }
        Ok(())
    }

    fn on_train_batch_begin(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        if let Some(call) = &mut self.train_batch_begin {
            call(cx, batch);
        }
        Ok(())
    }

    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        if let Some(call) = &mut self.train_batch_end {
            call(cx, batch);
        }
        Ok(())
    }

    fn on_test_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if let Some(call) = &mut self.test_begin {
            call(cx);
        }
        Ok(())
    }

    fn on_test_batch_begin(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        if let Some(call) = &mut self.test_batch_begin {
            call(cx, batch);
        }
        Ok(())
    }

    fn on_test_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        if let Some(call) = &mut self.test_batch_end {
            call(cx, batch);
        }
        Ok(())
    }

    fn on_test_end(&mut self, cx: &mut Training<'_>, logs: &Logs) -> Result<()> {
        if let Some(call) = &mut self.test_end {
            call(cx, logs);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        if let Some(call) = &mut self.epoch_end {
            call(cx, epoch, logs);
        }
        Ok(())
    }

    fn on_train_end(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if let Some(call) = &mut self.train_end {
            call(cx);
        }
        Ok(())
    }
}
