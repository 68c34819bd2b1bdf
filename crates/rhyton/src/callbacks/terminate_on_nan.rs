use super::{Callback, Training};
use crate::{Error, Result};

/// Ends the training when the loss is no finite number after a step.
///
/// Source: Keras 3.15 `keras.callbacks.TerminateOnNaN`.
#[derive(Debug, Clone, Default)]
pub struct TerminateOnNaN {
    raise_error: bool,
}

impl TerminateOnNaN {
    /// Ends the training in good order: validation, other callbacks and `fit` finish.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `fit` fails at once instead, so that no other callback cleans up; default false.
    #[must_use]
    pub fn raise_error(mut self, raise: bool) -> Self {
        self.raise_error = raise;
        self
    }
}

impl Callback for TerminateOnNaN {
    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        let Some(loss) = cx.loss()?.filter(|loss| !loss.is_finite()) else { return Ok(()) };
        if self.raise_error {
            let received = format!("{loss} after batch {batch}");
            return Err(Error::data("fit", "loss", "a finite number", received));
        }
        crate::notices::say(&format!("Batch {batch}: Invalid loss, terminating training"));
        cx.stop_training = true;
        Ok(())
    }
}
