//! Callbacks: what happens between the steps of training. To add one: a file, its `mod` line and
//! its `pub use` line.

use serde_json::Value;

use crate::Result;
use crate::models::Model;
use crate::training::Logs;

mod early_stopping;
mod model_checkpoint;
mod monitor;

pub use early_stopping::EarlyStopping;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;

/// Called between the steps of training; every method does nothing unless it is written.
///
/// The order is Keras': train begin, then for each epoch: epoch begin, the batches, the validation
/// with its batches, epoch end; then train end.
#[expect(unused_variables, reason = "the default bodies do nothing")]
pub trait Callback {
    /// Before the first epoch.
    ///
    /// # Errors
    /// Stops the training with this failure; so do all methods.
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before an epoch, counted from 0.
    ///
    /// # Errors
    /// Stops the training.
    fn on_epoch_begin(&mut self, cx: &mut Training<'_>, epoch: usize) -> Result<()> {
        Ok(())
    }

    /// Before a step of an epoch, counted from 0.
    ///
    /// # Errors
    /// Stops the training.
    fn on_train_batch_begin(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        Ok(())
    }

    /// After a step; [`Training::logs`] gives the values so far.
    ///
    /// # Errors
    /// Stops the training.
    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        Ok(())
    }

    /// Before a validation.
    ///
    /// # Errors
    /// Stops the training.
    fn on_test_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before a batch of a validation.
    ///
    /// # Errors
    /// Stops the training.
    fn on_test_batch_begin(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        Ok(())
    }

    /// After a batch of a validation.
    ///
    /// # Errors
    /// Stops the training.
    fn on_test_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        Ok(())
    }

    /// After a validation, with its values.
    ///
    /// # Errors
    /// Stops the training.
    fn on_test_end(&mut self, cx: &mut Training<'_>, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After an epoch, with its values, those of the validation under `val_…`.
    ///
    /// # Errors
    /// Stops the training.
    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// After the last epoch.
    ///
    /// # Errors
    /// Fails the training.
    fn on_train_end(&mut self, cx: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// What has to be kept to go on after an interruption.
    fn state(&self) -> Value {
        Value::Null
    }

    /// Takes up a kept state.
    ///
    /// # Errors
    /// When the state is not this callback's.
    fn restore(&mut self, state: &Value) -> Result<()> {
        Ok(())
    }
}

/// What a callback sees and may do.
pub struct Training<'a> {
    /// The model that is trained.
    pub model: &'a Model,
    /// Set to end the training after this step.
    pub stop_training: bool,
    /// How long the training is meant to be.
    pub parameters: Parameters,
}

impl Training<'_> {
    /// Loss and metrics since the epoch began.
    ///
    /// # Errors
    /// What the engine fails with.
    pub fn logs(&self) -> Result<Logs> {
        self.model.logs()
    }
}

/// How long a training is meant to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Epochs in all.
    pub epochs: usize,
    /// Steps an epoch.
    pub steps: usize,
}

/// The callbacks of one training, in order.
pub(crate) struct Callbacks<'a> {
    list: Vec<Box<dyn Callback + 'a>>,
    parameters: Parameters,
    stop: bool,
}

impl<'a> Callbacks<'a> {
    pub(crate) fn new(list: Vec<Box<dyn Callback + 'a>>, parameters: Parameters) -> Self {
        Self { list, parameters, stop: false }
    }

    pub(crate) fn none() -> Self {
        Self::new(Vec::new(), Parameters::default())
    }

    /// Calls every callback.
    pub(crate) fn each(
        &mut self,
        model: &Model,
        mut call: impl FnMut(&mut (dyn Callback + 'a), &mut Training<'_>) -> Result<()>,
    ) -> Result<()> {
        for callback in &mut self.list {
            let mut cx = Training { model, stop_training: self.stop, parameters: self.parameters };
            call(&mut **callback, &mut cx)?;
            self.stop = cx.stop_training;
        }
        Ok(())
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop
    }
}
