use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Callback, Frequency};
use crate::{Error, Result};

/// Keeps the whole training in a file while it runs, and goes on from there when the same training
/// is started again after an interruption: with the bits that it would have had without one.
///
/// The file holds weights, optimizer, random numbers, place in the data, running values, history and
/// the other callbacks' states; it is replaced at once or not at all. Keras goes on with the next
/// epoch; here a training also goes on in the middle of one. Where the file belongs to another
/// training (model, optimizer, data's sizes, options, callbacks), `fit` fails and says what differs.
///
/// What counts is the model and the options as they are when `fit` is called; the number of epochs
/// may be another. The samples' values, functions given to callbacks and callbacks' settings are not
/// compared: [`BackupAndRestore::context`] takes what should be.
///
/// ```
/// # use rhyton::{Fit, callbacks::BackupAndRestore};
/// let fit = Fit::new().epochs(50).callback(BackupAndRestore::new("backup").save_freq(100));
/// ```
///
/// Source: Keras 3.15 `keras.callbacks.BackupAndRestore`.
#[derive(Debug, Clone)]
pub struct BackupAndRestore {
    pub(crate) place: Place,
    pub(crate) frequency: Frequency,
    pub(crate) delete: bool,
    pub(crate) same_start: bool,
    pub(crate) context: Value,
}

/// Where a training is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a folder of its own, which is made and removed.
    Folder(PathBuf),
    File(PathBuf),
}

impl BackupAndRestore {
    /// Keeps the training in `training.checkpoint` in a folder, which is made if it is missing.
    pub fn new(backup_dir: impl AsRef<Path>) -> Self {
        Self::at(Place::Folder(backup_dir.as_ref().to_owned()))
    }

    /// Keeps the training in a file.
    pub fn in_file(path: impl AsRef<Path>) -> Self {
        Self::at(Place::File(path.as_ref().to_owned()))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            frequency: Frequency::Epoch,
            delete: true,
            same_start: false,
            context: Value::Null,
        }
    }

    /// After every epoch, the default, or after a number of steps counted across epochs.
    #[must_use]
    pub fn save_freq(mut self, frequency: impl Into<Frequency>) -> Self {
        self.frequency = frequency.into();
        self
    }

    /// Whether the file (and its folder, once it is empty) goes away at the end of the training;
    /// default true.
    #[must_use]
    pub fn delete_checkpoint(mut self, delete: bool) -> Self {
        self.delete = delete;
        self
    }

    /// Whether the weights and the optimizer that the training starts with must be the same too;
    /// default false, so that a model which was interrupted in this process may go on.
    #[must_use]
    pub fn same_start(mut self, same: bool) -> Self {
        self.same_start = same;
        self
    }

    /// What else must be the same, such as the settings of other callbacks; default nothing.
    #[must_use]
    pub fn context(mut self, context: Value) -> Self {
        self.context = context;
        self
    }

    /// The file that holds the training.
    pub fn path(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.join("training.checkpoint"),
            Place::File(path) => path.clone(),
        }
    }

    /// Removes what is kept, and what an interrupted write of it left: the file, and its folder once
    /// that is empty. Nothing need be there.
    ///
    /// # Errors
    /// [`Error::File`] when the system refuses.
    pub fn remove(&self) -> Result<()> {
        crate::training::remove_checkpoint(&self.path())?;
        if let Place::Folder(folder) = &self.place {
            // Others' files in it keep the folder.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }

    /// Refuses an empty path and 0 steps.
    pub(crate) fn check(&self) -> Result<()> {
        let (Place::Folder(path) | Place::File(path)) = &self.place;
        if path.as_os_str().is_empty() {
            return Err(Error::config("BackupAndRestore", "backup_dir", "a path", "an empty one"));
        }
        self.frequency.check("BackupAndRestore", "save_freq")
    }
}

impl Callback for BackupAndRestore {
    fn backup(&self) -> Option<&BackupAndRestore> {
        Some(self)
    }
}
