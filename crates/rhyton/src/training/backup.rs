//! A training that can go on after an interruption: what has to be the same, what is kept, when.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rhyton_data::Augmentation;
use rhyton_graph::{VariableId, VariableSpec};
use rhyton_tensor::Array;
use serde_json::{Map, Value, json};

use super::checkpoint::{self, ArrayHeader, CallbackHeader, Header, in_file};
use super::compiled_file::objectives_config;
use super::data::Samples;
use super::history::History;
use crate::Result;
use crate::callbacks::{
    BackupAndRestore, CallbackState, Callbacks, Frequency, Place as Storage, Resumed, StepCount,
};
use crate::crc32c::crc32c;
use crate::models::Model;

/// Where a training is: before an epoch, or in the middle of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) epoch: usize,
    pub(crate) step: Option<StepPosition>,
}

/// A place in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StepPosition {
    /// How many steps are done.
    pub(crate) batch: usize,
    /// What the order of samples is counted by.
    pub(crate) order: u64,
}

impl Position {
    /// Where an epoch is taken up in its middle.
    pub(crate) fn within(self, epoch: usize) -> Option<StepPosition> {
        self.step.filter(|_| epoch == self.epoch)
    }
}

/// The options of a training that its bits depend on.
pub(crate) struct Identified<'a> {
    pub(crate) samples: &'a Samples<'a>,
    pub(crate) validation: Option<&'a Samples<'a>>,
    pub(crate) batch_size: usize,
    pub(crate) shuffle: bool,
    pub(crate) seed: u64,
    pub(crate) augmentation: &'a Augmentation,
    pub(crate) class_weight: &'a BTreeMap<i64, f64>,
}

/// When and where a running training is kept.
pub(crate) struct Backup {
    settings: BackupAndRestore,
    path: PathBuf,
    identity: Map<String, Value>,
    callbacks: Vec<String>,
    count: StepCount,
}

impl Backup {
    /// Whether the training is to be kept once so many steps of an epoch are done.
    pub(crate) fn is_due_after(&mut self, steps: usize) -> bool {
        self.count.is_due(self.settings.frequency, steps)
    }

    pub(crate) fn is_due_after_epoch(&self) -> bool {
        self.settings.frequency == Frequency::Epoch
    }

    /// Writes the training as it is now.
    pub(crate) fn save(&self, model: &Model, position: Position, seen: &Resumed) -> Result<()> {
        if let Storage::Folder(folder) = &self.settings.place {
            std::fs::create_dir_all(folder)
                .map_err(|error| in_file(folder, format!("can't make the folder: {error}")))?;
        }
        let variables = model.kept_variables(position)?;
        let history = seen.history.history.iter();
        let history: Vec<(String, Array)> = history
            .map(|(name, values)| Ok((name.clone(), Array::from_slice(&[values.len()], values)?)))
            .collect::<Result<_>>()?;
        let of_callbacks: Vec<&Array> = seen.states.iter().flat_map(|s| &s.arrays).collect();
        let mut arrays: Vec<ArrayHeader> =
            history.iter().map(|(name, array)| ArrayHeader::of(name.clone(), array)).collect();
        arrays.extend(variables.iter().map(of_variable));
        arrays.extend(of_callbacks.iter().map(|array| ArrayHeader::of("callback".into(), array)));
        let states = self.callbacks.iter().zip(&seen.states);
        let header = Header {
            rhyton: env!("CARGO_PKG_VERSION").to_owned(),
            identity: self.identity.clone(),
            epoch: position.epoch,
            batch: position.step.map(|step| step.batch),
            order: position.step.map(|step| step.order),
            stop: seen.stop,
            history_epoch: seen.history.epoch.clone(),
            history_names: seen.history.history.keys().cloned().collect(),
            callbacks: states
                .map(|(name, CallbackState { values, arrays })| CallbackHeader {
                    name: name.clone(),
                    values: values.clone(),
                    arrays: arrays.len(),
                })
                .collect(),
            arrays,
        };
        let (first, last) = (history.len(), history.len() + variables.len());
        checkpoint::write(&self.path, &header, |place| match place {
            _ if place < first => Ok(history[place].1.clone()),
            _ if place < last => model.engine.read(VariableId((place - first) as u32)),
            _ => Ok(of_callbacks[place - last].clone()),
        })
    }

    /// Removes what was kept, unless it should stay.
    pub(crate) fn finish(self) -> Result<()> {
        if self.settings.delete { self.settings.remove() } else { Ok(()) }
    }

    /// Refuses a checkpoint of another training.
    fn check(&self, header: &Header, model: &Model, epochs: usize) -> Result<Position> {
        let other = |what: &str, kept: &str, now: &str| {
            let text = format!(
                "the checkpoint belongs to another training: {what} expected {kept}, received \
                 {now}; repeat what it began with, or delete the file to start anew"
            );
            Err(in_file(&self.path, text))
        };
        for (what, now) in &self.identity {
            let kept = header.identity.get(what).unwrap_or(&Value::Null);
            if kept != now {
                return other(what, &shown(kept), &shown(now));
            }
        }
        let names: Vec<&str> = header.callbacks.iter().map(|state| state.name.as_str()).collect();
        if names != self.callbacks {
            return other("callbacks", &names.join(", "), &self.callbacks.join(", "));
        }
        if header.epoch > epochs {
            return other("epochs", &format!("at least {}", header.epoch), &epochs.to_string());
        }
        let step = header.batch.zip(header.order);
        let step = step.map(|(batch, order)| StepPosition { batch, order });
        let position = Position { epoch: header.epoch, step };
        let variables = model.kept_variables(position)?;
        let kept = header.arrays.get(header.history_names.len()..).unwrap_or_default();
        let counts = header.callbacks.iter().map(|state| state.arrays);
        let of_callbacks = counts.fold(0, usize::saturating_add);
        if kept.len() != variables.len().saturating_add(of_callbacks) {
            let (kept, now) = (kept.len().saturating_sub(of_callbacks), variables.len());
            return other("variables", &kept.to_string(), &now.to_string());
        }
        for (variable, kept) in variables.iter().map(of_variable).zip(kept) {
            if &variable != kept {
                let shown = |v: &ArrayHeader| format!("{} {}{:?}", v.name, v.dtype, v.shape);
                return other("variable", &shown(kept), &shown(&variable));
            }
        }
        Ok(position)
    }
}

fn of_variable(variable: &VariableSpec) -> ArrayHeader {
    ArrayHeader {
        name: variable.name.clone(),
        dtype: variable.spec.dtype.name().to_owned(),
        shape: variable.spec.shape.bind(0),
    }
}

/// A text as it is, other values as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Model {
    /// Starts keeping the training if a callback wants that, and takes it up from where it was
    /// kept; where it begins.
    pub(super) fn begin_backup(
        &self,
        callbacks: &mut Callbacks<'_>,
        training: &Identified<'_>,
        epochs: usize,
    ) -> Result<Position> {
        let Some(settings) = callbacks.wanted_backup().cloned() else {
            return Ok(Position::default());
        };
        settings.check()?;
        let mut backup = Backup {
            path: settings.path(),
            identity: self.identity(&settings, training)?,
            callbacks: callbacks.names(),
            count: StepCount::default(),
            settings,
        };
        let Some((header, arrays)) = checkpoint::read(&backup.path)? else {
            callbacks.keep(backup, None)?;
            return Ok(Position::default());
        };
        let position = backup.check(&header, self, epochs)?;
        backup.count = StepCount::from(position.step.map_or(0, |step| step.batch));
        let count = self.kept_variables(position)?.len();
        let mut arrays = arrays.into_iter();
        let mut history = History { epoch: header.history_epoch, ..History::default() };
        for name in header.history_names {
            let values = arrays.next().map_or(Vec::new(), |array| array.to_f64());
            history.history.insert(name, values);
        }
        let variables: Vec<Array> = arrays.by_ref().take(count).collect();
        let states = header.callbacks.into_iter().map(|state| CallbackState {
            values: state.values,
            arrays: arrays.by_ref().take(state.arrays).collect(),
        });
        let states = states.collect();
        callbacks.keep(backup, Some(Resumed { stop: header.stop, history, states }))?;
        for (place, array) in variables.iter().enumerate() {
            self.engine.write(VariableId(place as u32), array)?;
        }
        Ok(position)
    }

    /// The variables that a checkpoint holds. Those of the metrics start anew with every epoch, so
    /// only one in the middle of an epoch has them.
    fn kept_variables(&self, position: Position) -> Result<Vec<VariableSpec>> {
        let mut variables = self.engine.variables().to_vec();
        if position.step.is_none() {
            variables.truncate(self.compiled()?.keep);
        }
        Ok(variables)
    }

    /// What has to be the same for a training to go on, in words for the message.
    fn identity(
        &self,
        settings: &BackupAndRestore,
        training: &Identified<'_>,
    ) -> Result<Map<String, Value>> {
        let compiled = self.compiled()?;
        let samples = |samples: &Samples<'_>| {
            let named = samples.named().into_iter();
            let shown = named
                .map(|(name, array)| format!("{name} {}{:?}", array.dtype().name(), array.shape()));
            shown.collect::<Vec<_>>().join(", ")
        };
        let layers = crate::saving::architecture(self)?;
        let layers = format!(
            "{} layers with {} parameters ({:08x})",
            self.layers().len(),
            self.count_parameters(),
            crc32c(0, layers.to_string().as_bytes())
        );
        let mut identity = Map::new();
        let mut add = |what: &str, value: Value| identity.insert(what.to_owned(), value);
        add("backend", json!(self.backend()));
        add("layers", json!(layers));
        add(
            "optimizer",
            json!({
                "class_name": compiled.optimizer.spec().class_name,
                "config": compiled.optimizer.config(),
            }),
        );
        add("objectives", objectives_config(self)?);
        add("data", json!(samples(training.samples)));
        add("validation", json!(training.validation.map_or("none".to_owned(), samples)));
        add("batch_size", json!(training.batch_size));
        add("shuffle", json!(training.shuffle));
        add("seed", json!(training.seed));
        add("augmentation", json!(format!("{:?}", training.augmentation)));
        add("class_weight", json!(format!("{:?}", training.class_weight)));
        add("context", settings.context.clone());
        if settings.same_start {
            let mut sum = 0;
            for place in 0..compiled.keep {
                sum = crc32c(sum, self.engine.read(VariableId(place as u32))?.bytes());
            }
            add("start", json!(format!("{sum:08x}")));
        }
        Ok(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{Compile, Fit, Verbose};
    use crate::{Dense, EarlyStopping, Sequential};

    /// A file with right checksums may still say anything.
    #[test]
    fn a_made_up_header_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        let x = Array::zeros(rhyton_tensor::DType::F32, &[4, 2]);
        let train = || {
            let mut model = Sequential::new().input(&[2]).add(Dense::new(2)).build().unwrap();
            model.compile(Compile::new().loss("mse")).unwrap();
            let fit = Fit::new()
                .verbose(Verbose::Silent)
                .callback(EarlyStopping::new("loss"))
                .callback(BackupAndRestore::in_file(&path).delete_checkpoint(false));
            model.fit(&x, &x, fit)
        };
        train().unwrap();
        let (header, arrays) = checkpoint::read(&path).unwrap().unwrap();
        let changes: [fn(&mut Header); 7] = [
            |header| header.callbacks[0].arrays = usize::MAX,
            |header| header.callbacks.iter_mut().for_each(|state| state.arrays = usize::MAX),
            |header| header.callbacks[0].values = json!({"wait": u64::MAX}),
            |header| header.callbacks.clear(),
            |header| header.history_names.push("more".to_owned()),
            |header| header.epoch = usize::MAX,
            |header| header.arrays[1].name = "other".to_owned(),
        ];
        for change in changes {
            let mut changed = header.clone();
            change(&mut changed);
            checkpoint::write(&path, &changed, |place| Ok(arrays[place].clone())).unwrap();
            train().unwrap_err();
        }
        checkpoint::write(&path, &header, |place| Ok(arrays[place].clone())).unwrap();
        train().unwrap();
    }
}
