use rhyton_tensor::Array;
use serde_json::json;

use super::monitor::Monitor;
use super::{Callback, CallbackState, Mode, Training};
use crate::Result;
use crate::training::Logs;

/// Ends the training when a value has not become better for a number of epochs.
///
/// Source: Keras 3.15 `keras.callbacks.EarlyStopping`.
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    verbose: bool,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    wait: usize,
    stopped_epoch: usize,
    best_epoch: usize,
    best_weights: Option<Vec<Array>>,
}

impl EarlyStopping {
    /// Watches a value; Keras' default is `val_loss`.
    pub fn new(monitor: &str) -> Self {
        Self {
            monitor: Monitor::new(monitor),
            patience: 0,
            verbose: false,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            wait: 0,
            stopped_epoch: 0,
            best_epoch: 0,
            best_weights: None,
        }
    }

    /// For how many epochs without improvement training goes on; default 0.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Whether it says when it stopped the training, and which weights it puts back; default false.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// The least change that counts as improvement; default 0.
    #[must_use]
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.monitor.min_delta = delta.abs();
        self
    }

    /// Which direction is better; default by the name.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitor.mode = mode;
        self
    }

    /// A value that has to be beaten before patience starts anew.
    #[must_use]
    pub fn baseline(mut self, value: f64) -> Self {
        self.baseline = Some(value);
        self
    }

    /// Whether the weights of the best epoch are put back at the end; default false.
    #[must_use]
    pub fn restore_best_weights(mut self, restore: bool) -> Self {
        self.restore_best_weights = restore;
        self
    }

    /// The first epoch that is watched; default 0.
    #[must_use]
    pub fn start_from_epoch(mut self, epoch: usize) -> Self {
        self.start_from_epoch = epoch;
        self
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if !cx.resumed() {
            (self.wait, self.stopped_epoch, self.best_epoch) = (0, 0, 0);
            self.monitor.best = None;
            self.best_weights = None;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        self.monitor.decide("EarlyStopping", cx.model)?;
        let Some(value) = self.monitor.value("EarlyStopping", logs) else { return Ok(()) };
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        if self.restore_best_weights && self.best_weights.is_none() {
            self.best_weights = Some(cx.model.weight_values()?);
            self.best_epoch = epoch;
        }
        self.wait += 1;
        if self.monitor.improves(value) {
            self.best_epoch = epoch;
            if self.restore_best_weights {
                self.best_weights = Some(cx.model.weight_values()?);
            }
            if self.baseline.is_none_or(|baseline| self.monitor.is_better(value, baseline)) {
                self.wait = 0;
            }
            return Ok(());
        }
        if self.wait >= self.patience && epoch > 0 {
            self.stopped_epoch = epoch;
            cx.stop_training = true;
        }
        Ok(())
    }

    fn on_train_end(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if self.stopped_epoch > 0 && self.verbose {
            crate::notices::say(&format!("Epoch {}: early stopping", self.stopped_epoch + 1));
        }
        let Some(weights) = self.best_weights.take() else { return Ok(()) };
        if self.verbose {
            crate::notices::say(&format!(
                "Restoring model weights from the end of the best epoch: {}.",
                self.best_epoch + 1
            ));
        }
        cx.model.set_weight_values(&weights)
    }

    fn state(&self) -> CallbackState {
        let values = json!({
            "wait": self.wait,
            "stopped_epoch": self.stopped_epoch,
            "best": self.monitor.best_value(),
            "best_epoch": self.best_epoch,
        });
        CallbackState { values, arrays: self.best_weights.clone().unwrap_or_default() }
    }

    fn restore(&mut self, state: CallbackState) -> Result<()> {
        self.wait = state.read_count("wait")?;
        self.stopped_epoch = state.read_count("stopped_epoch")?;
        self.best_epoch = state.read_count("best_epoch")?;
        self.monitor.best = state.read_number("best")?;
        self.best_weights = Some(state.arrays).filter(|arrays| !arrays.is_empty());
        Ok(())
    }
}
