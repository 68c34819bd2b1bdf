use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rhyton::callbacks::Frequency;
use rhyton::{BackupAndRestore, CSVLogger, EarlyStopping, Fit, ReduceLROnPlateau, TensorBoard};
use serde_json::json;

use crate::destination::Destination;

// Not a doc comment: clap would take it for the command's description.
// What happens between the steps of a training.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Watching {
    /// Keep the training while it runs, and go on where it was interrupted
    ///
    /// It is kept in OUT.keras.checkpoint, which goes away once OUT.keras is written. The same
    /// command again, after an interruption, ends with the same bits as one that ran through; a
    /// checkpoint of another model, data size or options is refused.
    #[arg(long)]
    resume: bool,
    /// When it is kept: after every epoch, or after every N steps
    #[arg(long, value_name = "epoch|N", default_value = "epoch", requires = "resume")]
    #[arg(value_parser = parse_frequency)]
    save_frequency: Frequency,
    /// End after N epochs without a better loss (of the validation, if there is one)
    #[arg(long, value_name = "N")]
    early_stopping: Option<usize>,
    /// Take a tenth of the learning rate after N epochs without a better loss
    #[arg(long, value_name = "N")]
    reduce_lr_on_plateau: Option<usize>,
    /// A table with a line an epoch
    #[arg(long, value_name = "F.csv")]
    csv_log: Option<PathBuf>,
    /// A folder for TensorBoard: values of epochs, histograms of weights
    #[arg(long, value_name = "FOLDER")]
    tensorboard: Option<PathBuf>,
}

impl Watching {
    /// Refuses what could not be written after the work.
    ///
    /// # Errors
    /// As [`Destination::file`]; for a model that would be overwritten while it is still needed.
    pub(crate) fn check(&self, model: &Path, output: &Path) -> Result<()> {
        if let Some(table) = &self.csv_log {
            Destination::file(table, &[])?;
        }
        let is_other = |path: &&PathBuf| path.exists() && !path.is_dir();
        if let Some(file) = self.tensorboard.as_ref().filter(is_other) {
            bail!("{}: expected a folder, received a file", file.display());
        }
        let [real_model, real_output] = [model, output].map(|path| fs::canonicalize(path).ok());
        if self.resume && real_model.is_some() && real_model == real_output {
            let shown = output.display();
            bail!("--resume: expected an output other than MODEL, received {shown} for both");
        }
        Ok(())
    }

    /// A training with the callbacks that were asked for; they watch the loss with this name, and
    /// say what they do unless they are to be quiet.
    pub(crate) fn add_to<'a>(
        &self,
        mut fit: Fit<'a>,
        (loss, quiet): (&str, bool),
        output: &Path,
    ) -> Fit<'a> {
        if let Some(patience) = self.reduce_lr_on_plateau {
            fit = fit.callback(ReduceLROnPlateau::new(loss).patience(patience).verbose(!quiet));
        }
        if let Some(patience) = self.early_stopping {
            fit = fit.callback(EarlyStopping::new(loss).patience(patience).verbose(!quiet));
        }
        if let Some(table) = &self.csv_log {
            fit = fit.callback(CSVLogger::new(table));
        }
        if let Some(folder) = &self.tensorboard {
            fit = fit.callback(TensorBoard::new(folder).histogram_freq(1));
        }
        if self.resume {
            let backup = backup(output)
                .save_freq(self.save_frequency)
                .delete_checkpoint(false)
                .same_start(true)
                .context(json!({
                    "early_stopping": self.early_stopping,
                    "reduce_lr_on_plateau": self.reduce_lr_on_plateau,
                    "csv_log": self.csv_log,
                    "tensorboard": self.tensorboard,
                }));
            fit = fit.callback(backup);
        }
        fit
    }

    /// Removes the checkpoint, once the output is there.
    ///
    /// # Errors
    /// The system's, with the path.
    pub(crate) fn finish(&self, output: &Path) -> Result<()> {
        if self.resume {
            backup(output).remove()?;
        }
        Ok(())
    }
}

/// Where a training is kept, beside its output.
fn backup(output: &Path) -> BackupAndRestore {
    let mut name = OsString::from(output);
    name.push(".checkpoint");
    BackupAndRestore::in_file(PathBuf::from(name))
}

fn parse_frequency(text: &str) -> Result<Frequency, String> {
    match (text, text.parse()) {
        ("epoch", _) => Ok(Frequency::Epoch),
        (_, Ok(steps)) if steps > 0 => Ok(Frequency::Steps(steps)),
        _ => Err("expected epoch, or a number of steps of at least 1".to_owned()),
    }
}
