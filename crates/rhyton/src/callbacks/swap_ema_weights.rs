use serde_json::json;

use super::{Callback, CallbackState, Training};
use crate::Result;
use crate::training::Logs;

/// Validates with the averages of the weights that an optimizer with `use_ema` keeps: they take the
/// weights' place while a validation runs.
///
/// Source: Keras 3.15 `keras.callbacks.SwapEMAWeights`.
#[derive(Debug, Clone, Default)]
pub struct SwapEMAWeights {
    swap_on_epoch: bool,
    swapped: bool,
}

impl SwapEMAWeights {
    /// Swaps for validations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the averages also stand in the model between epochs, so that a later callback such
    /// as [`super::ModelCheckpoint`] sees them; default false.
    #[must_use]
    pub fn swap_on_epoch(mut self, swap: bool) -> Self {
        self.swap_on_epoch = swap;
        self
    }

    fn swap_to(&mut self, cx: &Training<'_>, swapped: bool) -> Result<()> {
        if self.swapped != swapped {
            cx.model.swap_averages()?;
            self.swapped = swapped;
        }
        Ok(())
    }
}

impl Callback for SwapEMAWeights {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if !cx.resumed() {
            self.swapped = false;
        }
        cx.model.note_averages_in_place(self.swapped)
    }

    fn on_epoch_begin(&mut self, cx: &mut Training<'_>, _: usize) -> Result<()> {
        if self.swap_on_epoch { self.swap_to(cx, false) } else { Ok(()) }
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, _: usize, _: &Logs) -> Result<()> {
        if self.swap_on_epoch { self.swap_to(cx, true) } else { Ok(()) }
    }

    fn on_test_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        self.swap_to(cx, true)
    }

    fn on_test_end(&mut self, cx: &mut Training<'_>, _: &Logs) -> Result<()> {
        self.swap_to(cx, false)
    }

    fn state(&self) -> CallbackState {
        CallbackState::from(json!({"swapped": self.swapped}))
    }

    fn restore(&mut self, state: CallbackState) -> Result<()> {
        self.swapped = state.read_flag("swapped")?;
        Ok(())
    }
}
