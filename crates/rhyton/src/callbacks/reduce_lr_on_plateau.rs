use serde_json::json;

use super::monitor::Monitor;
use super::python_number::python_number;
use super::{Callback, CallbackState, Mode, Training};
use crate::training::Logs;
use crate::{Error, Result};

/// Makes the learning rate smaller when a value has not become better for a number of epochs, and
/// puts the rate among the epoch's values as `learning_rate`: the one that the epoch had.
///
/// Source: Keras 3.15 `keras.callbacks.ReduceLROnPlateau`.
#[derive(Debug, Clone)]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    verbose: bool,
    cooldown: usize,
    min_lr: f64,
    wait: usize,
    cooling: usize,
}

impl ReduceLROnPlateau {
    /// Watches a value; Keras' default is `val_loss`.
    pub fn new(monitor: &str) -> Self {
        let mut monitor = Monitor::new(monitor);
        monitor.min_delta = 1e-4;
        Self {
            monitor,
            factor: 0.1,
            patience: 10,
            verbose: false,
            cooldown: 0,
            min_lr: 0.0,
            wait: 0,
            cooling: 0,
        }
    }

    /// What the rate is multiplied by, below 1; default 0.1.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// After how many epochs without improvement the rate is reduced; default 10.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Whether it says what it sets; default false.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Which direction is better; default by the name.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitor.mode = mode;
        self
    }

    /// The least change that counts as improvement; default 1e-4.
    #[must_use]
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.monitor.min_delta = delta.abs();
        self
    }

    /// For how many epochs after a reduction nothing is counted; default 0.
    #[must_use]
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The smallest rate; default 0.
    #[must_use]
    pub fn min_lr(mut self, rate: f64) -> Self {
        self.min_lr = rate;
        self
    }

    fn reduce(&self, cx: &Training<'_>, epoch: usize) -> Result<bool> {
        let old = cx.model.learning_rate()?;
        if old <= f64::from(self.min_lr as f32) {
            return Ok(false);
        }
        let new = (old * self.factor).max(self.min_lr);
        cx.model.set_learning_rate(new)?;
        if self.verbose {
            crate::notices::say(&format!(
                "\nEpoch {}: ReduceLROnPlateau reducing learning rate to {}.",
                epoch + 1,
                python_number(new)
            ));
        }
        Ok(true)
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if self.factor >= 1.0 || self.factor.is_nan() {
            let expected = "a number below 1";
            return Err(Error::config("ReduceLROnPlateau", "factor", expected, self.factor));
        }
        if !cx.resumed() {
            self.monitor.best = None;
            (self.wait, self.cooling) = (0, 0);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        self.monitor.decide("ReduceLROnPlateau", cx.model)?;
        cx.log("learning_rate", cx.model.learning_rate()?);
        let Some(value) = self.monitor.value("ReduceLROnPlateau", logs) else { return Ok(()) };
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if self.monitor.improves(value) {
            self.wait = 0;
        } else if self.cooling == 0 {
            self.wait += 1;
            if self.wait >= self.patience && self.reduce(cx, epoch)? {
                self.cooling = self.cooldown;
                self.wait = 0;
            }
        }
        Ok(())
    }

    fn state(&self) -> CallbackState {
        CallbackState::from(json!({
            "best": self.monitor.best_value(),
            "wait": self.wait,
            "cooling": self.cooling,
        }))
    }

    fn restore(&mut self, state: CallbackState) -> Result<()> {
        self.monitor.best = state.read_number("best")?;
        self.wait = state.read_count("wait")?;
        self.cooling = state.read_count("cooling")?;
        Ok(())
    }
}
