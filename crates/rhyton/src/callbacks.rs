//! Callbacks: what happens between the steps of training. To add one: a file, its `mod` line and
//! its `pub use` line.

use crate::Result;
use crate::models::Model;
use crate::training::{Backup, History, Logs, Position};

mod backup_and_restore;
mod csv_logger;
mod early_stopping;
mod frequency;
mod lambda_callback;
mod learning_rate_scheduler;
mod model_checkpoint;
mod monitor;
pub(crate) mod python_number;
mod reduce_lr_on_plateau;
mod state;
mod swap_ema_weights;
mod tensor_board;
mod terminate_on_nan;

pub use backup_and_restore::BackupAndRestore;
pub(crate) use backup_and_restore::Place;
pub use csv_logger::CSVLogger;
pub use early_stopping::EarlyStopping;
pub use frequency::Frequency;
pub(crate) use frequency::StepCount;
pub use lambda_callback::LambdaCallback;
pub use learning_rate_scheduler::LearningRateScheduler;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use reduce_lr_on_plateau::ReduceLROnPlateau;
pub use state::CallbackState;
pub use swap_ema_weights::SwapEMAWeights;
pub use tensor_board::TensorBoard;
pub use terminate_on_nan::TerminateOnNaN;

/// Called between the steps of training; every method does nothing unless it is written.
///
/// The order is Keras': train begin, then for each epoch: epoch begin, the batches, the validation
/// with its batches, epoch end; then train end.
#[expect(unused_variables, reason = "the default bodies do nothing")]
pub trait Callback {
    /// Before the first epoch; or before a training goes on that was interrupted, when `restore` has
    /// been called and [`Training::resumed`] says so.
    ///
    /// # Errors
    /// Stops the training with this failure; so do all methods.
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before an epoch, counted from 0; an epoch that is taken up in its middle has begun before.
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

    /// What has to be kept to go on after an interruption as if there had been none.
    fn state(&self) -> CallbackState {
        CallbackState::default()
    }

    /// Takes up a kept state.
    ///
    /// # Errors
    /// When the state is not this callback's.
    fn restore(&mut self, state: CallbackState) -> Result<()> {
        Ok(())
    }

    /// Where the whole training is kept, and when; the first callback that says so decides.
    fn backup(&self) -> Option<&BackupAndRestore> {
        None
    }

    /// What tells callbacks apart in a checkpoint; the type's own name.
    fn name(&self) -> String {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path).to_owned()
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
    resumed: bool,
    added: Vec<(String, f64)>,
}

impl Training<'_> {
    /// Loss and metrics since the epoch began.
    ///
    /// # Errors
    /// What the engine fails with.
    pub fn logs(&self) -> Result<Logs> {
        self.model.logs()
    }

    /// The loss since the epoch began; `None` where nothing is tracked.
    ///
    /// # Errors
    /// What the engine fails with.
    pub fn loss(&self) -> Result<Option<f64>> {
        self.model.running_loss()
    }

    /// Whether this training goes on from a checkpoint.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// Adds a value to those of the epoch, for the callbacks that come after and for the history;
    /// it counts in `on_epoch_end` only.
    pub fn log(&mut self, name: &str, value: f64) {
        self.added.push((name.to_owned(), value));
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

/// The callbacks of one training, in order, with what the training has seen so far.
pub(crate) struct Callbacks<'a> {
    list: Vec<Box<dyn Callback + 'a>>,
    parameters: Parameters,
    stop: bool,
    resumed: bool,
    history: History,
    backup: Option<Backup>,
}

impl<'a> Callbacks<'a> {
    pub(crate) fn new(list: Vec<Box<dyn Callback + 'a>>, parameters: Parameters) -> Self {
        let history = History::default();
        Self { list, parameters, stop: false, resumed: false, history, backup: None }
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
            let mut cx = Training {
                model,
                stop_training: self.stop,
                parameters: self.parameters,
                resumed: self.resumed,
                added: Vec::new(),
            };
            call(&mut **callback, &mut cx)?;
            self.stop = cx.stop_training;
        }
        Ok(())
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop
    }

    pub(crate) fn history(self) -> History {
        self.history
    }

    /// Where and when the training is to be kept, if a callback says so.
    pub(crate) fn wanted_backup(&self) -> Option<&BackupAndRestore> {
        self.list.iter().find_map(|callback| callback.backup())
    }

    /// Keeps the training from now on; `resumed` says from where it goes on.
    pub(crate) fn keep(&mut self, backup: Backup, resumed: Option<Resumed>) -> Result<()> {
        self.backup = Some(backup);
        let Some(Resumed { stop, history, states }) = resumed else { return Ok(()) };
        (self.stop, self.history, self.resumed) = (stop, history, true);
        for (callback, state) in self.list.iter_mut().zip(states) {
            let name = callback.name();
            callback.restore(state).map_err(|error| error.within(name))?;
        }
        Ok(())
    }

    /// The callbacks' names, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.list.iter().map(|callback| callback.name()).collect()
    }

    /// After a step: keeps the training if that is due.
    pub(crate) fn end_step(&mut self, model: &Model, position: Position) -> Result<()> {
        let done = position.step.map_or(0, |step| step.batch);
        if self.backup.as_mut().is_some_and(|backup| backup.is_due_after(done)) {
            self.save(model, position)?;
        }
        Ok(())
    }

    /// After an epoch: the values with what callbacks add to them. Keeps the training if that is
    /// due.
    pub(crate) fn end_epoch(&mut self, model: &Model, epoch: usize, logs: Logs) -> Result<Logs> {
        let mut logs = logs;
        self.each(model, |callback, cx| {
            callback.on_epoch_end(cx, epoch, &logs)?;
            logs.extend(cx.added.drain(..));
            Ok(())
        })?;
        self.history.push(epoch, &logs);
        if self.backup.as_ref().is_some_and(Backup::is_due_after_epoch) {
            self.save(model, Position { epoch: epoch + 1, step: None })?;
        }
        Ok(logs)
    }

    /// After the training: what was kept is removed, unless it should stay.
    pub(crate) fn end_backup(&mut self) -> Result<()> {
        self.backup.take().map_or(Ok(()), Backup::finish)
    }

    fn save(&self, model: &Model, position: Position) -> Result<()> {
        let Some(backup) = &self.backup else { return Ok(()) };
        let resumed = Resumed {
            stop: self.stop,
            history: self.history.clone(),
            states: self.list.iter().map(|callback| callback.state()).collect(),
        };
        backup.save(model, position, &resumed)
    }
}

/// What a training that goes on has seen before.
pub(crate) struct Resumed {
    /// Whether it was about to end.
    pub(crate) stop: bool,
    pub(crate) history: History,
    /// The callbacks' states, in their order.
    pub(crate) states: Vec<CallbackState>,
}

#[cfg(test)]
mod tests;
