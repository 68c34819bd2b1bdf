use rhyton_tensor::Array;
use serde_json::{Value, json};

use super::monitor::Monitor;
use super::{Callback, Mode, Training};
use crate::Result;
use crate::training::Logs;

/// Ends the training when a value has not become better for a number of epochs.
///
/// Source: Keras 3.15 `keras.callbacks.EarlyStopping`.
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    wait: usize,
    best_epoch: usize,
    best_weights: Option<Vec<Array>>,
}

impl EarlyStopping {
    /// Watches a value such as `val_loss`.
    pub fn new(monitor: &str) -> Self {
        Self {
            monitor: Monitor::new(monitor),
            patience: 0,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            wait: 0,
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
    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        (self.wait, self.best_epoch) = (0, 0);
        self.monitor.best = None;
        self.best_weights = None;
        Ok(())
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        let Some(value) = self.monitor.value("EarlyStopping", logs) else { return Ok(()) };
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        if self.restore_best_weights && self.best_weights.is_none() {
            self.best_weights = Some(cx.model.weight_values()?);
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
            cx.stop_training = true;
            crate::notices::say(&format!("Epoch {}: early stopping", epoch + 1));
        }
        Ok(())
    }

    fn on_train_end(&mut self, cx: &mut Training<'_>) -> Result<()> {
        match self.best_weights.take() {
            Some(weights) => cx.model.set_weight_values(&weights),
            None => Ok(()),
        }
    }

    fn state(&self) -> Value {
        json!({"wait": self.wait, "best": self.monitor.best, "best_epoch": self.best_epoch})
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.wait = state["wait"].as_u64().unwrap_or(0) as usize;
        self.best_epoch = state["best_epoch"].as_u64().unwrap_or(0) as usize;
        self.monitor.best = state["best"].as_f64();
        Ok(())
    }
}
