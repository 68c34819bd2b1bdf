//! Event files for TensorBoard: when what is written is here; the messages, the files and the buckets
//! of histograms are below. Not here: pictures, profiles, embeddings. To add a kind of value: its
//! function in `event.rs`, and a setting here.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::{Callback, CallbackState, Frequency, Training};
use crate::models::{Kind, Model};
use crate::training::Logs;
use crate::{Error, Result};

mod event;
mod event_file;
mod histogram;

use event_file::EventFile;

/// Writes the values of a training for TensorBoard: `epoch_loss`, `epoch_learning_rate`, … under
/// `train`, those of validations under `validation`.
///
/// Tags are Keras'. Values of an epoch and of a validation are always written, where Keras 3.15
/// leaves them out if its steps so far are no multiple of an `update_freq` in steps. Pictures of
/// weights, profiles and embeddings are not written.
///
/// A training that goes on from a checkpoint cuts off the events that it will write again.
///
/// Source: Keras 3.15 `keras.callbacks.TensorBoard`.
#[derive(Debug)]
pub struct TensorBoard {
    histogram_freq: usize,
    write_graph: bool,
    write_steps_per_second: bool,
    update_freq: Frequency,
    name: String,
    train: Run,
    validation: Run,
    train_batches: usize,
    batch_began: Option<Instant>,
    epoch_began: Option<(Instant, u64)>,
}

/// A folder of events: a run, to TensorBoard.
#[derive(Debug)]
struct Run {
    folder: PathBuf,
    file: Option<EventFile>,
    /// How long the file was when the training was kept.
    length: u64,
}

impl TensorBoard {
    /// Writes below a folder, which is made if it is missing.
    pub fn new(log_dir: impl AsRef<Path>) -> Self {
        let folder = log_dir.as_ref().to_owned();
        let run = |name| Run { folder: folder.join(name), file: None, length: 0 };
        Self {
            train: run("train"),
            validation: run("validation"),
            histogram_freq: 0,
            write_graph: true,
            write_steps_per_second: false,
            update_freq: Frequency::Epoch,
            name: String::new(),
            train_batches: 0,
            batch_began: None,
            epoch_began: None,
        }
    }

    /// After how many epochs histograms of the weights are written; default 0, never. Weights that
    /// are no finite numbers do not count in them.
    #[must_use]
    pub fn histogram_freq(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    /// Whether the model's layers are written for the tab of graphs; default true.
    #[must_use]
    pub fn write_graph(mut self, write: bool) -> Self {
        self.write_graph = write;
        self
    }

    /// Whether steps per second are written, of epochs and of steps; default false.
    #[must_use]
    pub fn write_steps_per_second(mut self, write: bool) -> Self {
        self.write_steps_per_second = write;
        self
    }

    /// Whether values of steps are written too, as `batch_loss`, …, and after how many steps; 1 is
    /// Keras' `"batch"`. Default [`Frequency::Epoch`], not.
    #[must_use]
    pub fn update_freq(mut self, frequency: impl Into<Frequency>) -> Self {
        self.update_freq = frequency.into();
        self
    }

    fn write_scalars<'a>(
        run: &mut Run,
        name: &str,
        step: u64,
        values: impl IntoIterator<Item = (String, &'a f64)>,
    ) -> Result<()> {
        let values: Vec<_> =
            values.into_iter().map(|(tag, value)| event::scalar(&tag, *value as f32)).collect();
        if values.is_empty() { Ok(()) } else { run.write(name, &event::summary(step, &values)) }
    }

    fn write_histograms(&mut self, model: &Model, epoch: usize) -> Result<()> {
        // Keras' paths begin with the name of a model that is a sequence.
        let scope = match model.network.kind {
            Kind::Sequential => format!("{}/", model.name()),
            Kind::Functional => String::new(),
        };
        let values = model.weights().iter().map(|(_, weight)| {
            let buckets = histogram::buckets(&model.weight(&weight.path)?.to_f64());
            Ok(event::histogram(&format!("{scope}{}/histogram", weight.path), &buckets))
        });
        let values = values.collect::<Result<Vec<_>>>()?;
        self.train.write(&self.name, &event::summary(epoch as u64, &values))
    }
}

impl Run {
    /// Writes one event; the file is made with the first.
    fn write(&mut self, name: &str, event: &[u8]) -> Result<()> {
        let failed = |error: std::io::Error| Error::File {
            path: self.folder.clone(),
            what: format!("can't write events: {error}"),
        };
        if self.file.is_none() {
            let path = self.folder.join(name);
            self.file = Some(EventFile::open(&path, self.length).map_err(failed)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write(event).map_err(failed)?;
        self.length = file.length();
        Ok(())
    }
}

impl Callback for TensorBoard {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        self.update_freq.check("TensorBoard", "update_freq")?;
        if cx.resumed() {
            return Ok(());
        }
        self.name = event_file::new_name();
        for run in [&mut self.train, &mut self.validation] {
            (run.file, run.length) = (None, 0);
        }
        self.train_batches = 0;
        if self.write_graph {
            let layers = crate::saving::layers_config(cx.model).to_string();
            let value = event::keras_model(&layers);
            self.train.write(&self.name, &event::summary(0, &[value]))?;
        }
        Ok(())
    }

    fn on_epoch_begin(&mut self, cx: &mut Training<'_>, _: usize) -> Result<()> {
        if self.write_steps_per_second {
            self.epoch_began = Some((Instant::now(), cx.model.iterations()?));
        }
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _: &mut Training<'_>, _: usize) -> Result<()> {
        self.train_batches += 1;
        self.batch_began = self.write_steps_per_second.then(Instant::now);
        Ok(())
    }

    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, _: usize) -> Result<()> {
        let Frequency::Steps(steps) = self.update_freq else { return Ok(()) };
        if !self.train_batches.is_multiple_of(steps) {
            return Ok(());
        }
        let mut logs = cx.logs()?;
        if let Some(began) = self.batch_began {
            logs.insert("steps_per_second".to_owned(), 1.0 / began.elapsed().as_secs_f64());
        }
        let values = logs.iter().map(|(name, value)| (format!("batch_{name}"), value));
        Self::write_scalars(&mut self.train, &self.name, self.train_batches as u64, values)
    }

    fn on_test_end(&mut self, cx: &mut Training<'_>, logs: &Logs) -> Result<()> {
        let step = cx.model.iterations()?;
        let tag = |name: &str| format!("evaluation_{name}_vs_iterations");
        let values = logs.iter().map(|(name, value)| (tag(name), value));
        Self::write_scalars(&mut self.validation, &self.name, step, values)
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        let rate = cx.model.learning_rate()?;
        let seconds = match self.epoch_began {
            Some((began, before)) => {
                let steps = cx.model.iterations()?.saturating_sub(before);
                Some(steps as f64 / began.elapsed().as_secs_f64())
            }
            None => None,
        };
        let mut train: Logs = logs.clone();
        train.retain(|name, _| !name.starts_with("val_"));
        train.insert("learning_rate".to_owned(), rate);
        train.extend(seconds.map(|value| ("steps_per_second".to_owned(), value)));
        let step = epoch as u64;
        let values = train.iter().map(|(name, value)| (format!("epoch_{name}"), value));
        Self::write_scalars(&mut self.train, &self.name, step, values)?;
        let validation = logs.iter().filter_map(|(name, value)| {
            Some((format!("epoch_{}", name.strip_prefix("val_")?), value))
        });
        Self::write_scalars(&mut self.validation, &self.name, step, validation)?;
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq) {
            self.write_histograms(cx.model, epoch)?;
        }
        Ok(())
    }

    fn on_train_end(&mut self, _: &mut Training<'_>) -> Result<()> {
        (self.train.file, self.validation.file) = (None, None);
        Ok(())
    }

    fn state(&self) -> CallbackState {
        CallbackState::from(json!({
            "name": self.name,
            "train": self.train.length,
            "validation": self.validation.length,
            "train_batches": self.train_batches,
        }))
    }

    fn restore(&mut self, state: CallbackState) -> Result<()> {
        let name = state.values["name"].as_str().filter(|name| event_file::is_name(name));
        let received = &state.values["name"];
        name.ok_or_else(|| Error::config("TensorBoard", "name", "that of a file", received))?
            .clone_into(&mut self.name);
        self.train.length = state.read_count("train")? as u64;
        self.validation.length = state.read_count("validation")? as u64;
        self.train_batches = state.read_count("train_batches")?;
        Ok(())
    }
}
