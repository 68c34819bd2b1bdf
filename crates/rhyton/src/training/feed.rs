//! How the samples of a training come: in which order, and how images are changed.

use rhyton_data::{Augmentation, Batches};

use crate::Result;
use crate::prediction::data_error;

/// What decides over batches, from epoch to epoch.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// The seed of order and changes.
    pub(super) seed: u64,
    pub(super) shuffle: bool,
    pub(super) augmentation: Augmentation,
}

impl Feed {
    /// Puts batches at the start of an epoch, whose number decides with the seed over order and
    /// changes; the first `inputs` arrays of a batch are those of the model.
    ///
    /// # Errors
    /// [`crate::Error::Samples`] when there are changes but no images.
    pub(super) fn begin(&self, batches: &mut Batches<'_>, inputs: usize, epoch: u64) -> Result<()> {
        batches.augment(&self.augmentation, inputs).map_err(|error| data_error("fit", &error))?;
        batches.begin(self.seed, epoch, self.shuffle);
        Ok(())
    }
}
