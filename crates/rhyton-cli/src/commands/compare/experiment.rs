use std::cell::Cell;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use rhyton::callbacks::Training;
use rhyton::{
    Activation, Adam, BatchNormalization, Callback, Compile, Dense, Evaluate, Fit, Flatten, Logs,
    Model, Predict, Sequential, Verbose,
};
use rhyton_data::{Dataset, Part};

use super::Compare;
use crate::commands::Context;
use crate::data::{fit_inputs, inputs, load};
use crate::model;

/// What is the same for all activations: network, data, and how it is trained.
pub(super) struct Experiment {
    network: Model,
    compile: Compile,
    only: Option<String>,
    epochs: usize,
    batch_size: usize,
    train: Dataset,
    test: Dataset,
}

/// What one training gave.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) accuracy: f64,
    pub(super) epoch_seconds: Vec<f64>,
}

/// More classes than any data set of labels has; a damaged label must not ask for a huge layer.
const CLASSES_MAX: f64 = 100_000.0;
/// Labels that are looked at together where they stay in a file.
const CHUNK_ROWS: usize = 65_536;

impl Experiment {
    /// Loads data and network.
    ///
    /// # Errors
    /// What can't be read or does not fit together.
    pub(super) fn prepare(arguments: &Compare, cx: &Context) -> Result<Self> {
        let [mut train, mut test] = parts(&arguments.data, arguments.raw, cx)?;
        train.require_targets()?;
        test.require_targets()?;
        let network = match &arguments.model {
            Some(path) => match model::description(path)? {
                Some(description) => model::described(path, &description, 0)?,
                None => Model::load(path)?,
            },
            None => blog_network(&train)?,
        };
        if network.outputs().len() != 1 {
            let count = network.outputs().len();
            bail!("compare: expected a model with one output, received {count}");
        }
        fit_inputs(&mut train, &network)?;
        fit_inputs(&mut test, &network)?;
        let compile = network.compilation().unwrap_or_else(|| {
            Compile::new().optimizer(Adam::new(1e-3)).loss("sparse_categorical_crossentropy")
        });
        Ok(Self {
            network,
            compile: compile.metrics(["accuracy"]),
            only: arguments.only.clone(),
            epochs: arguments.epochs as usize,
            batch_size: arguments.batch_size as usize,
            train,
            test,
        })
    }

    /// The network with an activation in place of its own.
    ///
    /// # Errors
    /// When no layer is left to replace one in, or a layer refuses the activation.
    fn variant(&self, activation: &Activation) -> Result<Model> {
        let replaced = Cell::new(false);
        let model = self.network.with_activation(activation, |layer| {
            let chosen =
                self.only.as_ref().is_none_or(|pattern| rhyton::pattern::matches(pattern, layer));
            replaced.set(replaced.get() || chosen);
            chosen
        })?;
        if !replaced.get() {
            let layers = self.network.layers().iter().map(|layer| layer.label());
            let layers = layers.collect::<Vec<_>>().join(", ");
            let what = match &self.only {
                Some(pattern) => format!("a hidden activation in a layer named like `{pattern}`"),
                None => "a hidden activation other than linear".to_owned(),
            };
            bail!("compare: expected {what}, found none in the model's layers ({layers})");
        }
        Ok(model)
    }

    /// Runs the network with an activation on one sample.
    ///
    /// # Errors
    /// As [`Experiment::variant`]; when a layer behind the activation can't take its result.
    pub(super) fn check(&self, text: &str, activation: &Activation) -> Result<()> {
        let first = self.train.slice(0, 1)?;
        let fits = self.variant(activation)?.predict(inputs(&first), Predict::new());
        fits.map_err(|error| anyhow!("compare: `{text}` does not fit the network: {error}"))?;
        Ok(())
    }

    /// Trains from a seed and measures.
    ///
    /// # Errors
    /// What training fails with.
    pub(super) fn train(&self, activation: &Activation, seed: u64) -> Result<Outcome> {
        let mut model = self.variant(activation)?.with_seed(seed)?;
        model.compile(self.compile.clone())?;
        let mut epoch_seconds = Vec::new();
        let mut fit = Fit::new()
            .epochs(self.epochs)
            .batch_size(self.batch_size)
            .seed(seed)
            .verbose(Verbose::Silent)
            .callback(Stopwatch { started: None, seconds: &mut epoch_seconds });
        if let Some(weights) = &self.train.sample_weight {
            fit = fit.sample_weight(weights);
        }
        model.fit(inputs(&self.train), &self.train.targets, fit)?;
        let options = Evaluate::new().batch_size(self.batch_size);
        let logs = model.evaluate(inputs(&self.test), &self.test.targets, options)?;
        let accuracy = logs.get("accuracy").copied();
        let accuracy =
            accuracy.ok_or_else(|| anyhow!("compare: the model measured no accuracy"))?;
        Ok(Outcome { accuracy, epoch_seconds })
    }
}

/// The samples to train on and those to measure on.
fn parts(source: &Path, raw: bool, cx: &Context) -> Result<[Dataset; 2]> {
    let mut train = load(source, Part::Train, raw, cx)?;
    if let Some(validation) = train.validation.take() {
        return Ok([train, *validation]);
    }
    if !source.is_file() || rhyton_data::NAMES.iter().any(|name| source == Path::new(name)) {
        return Ok([train, load(source, Part::Test, raw, cx)?]);
    }
    let mut train = train.split_tail(0.2)?;
    let tail = train.validation.take().map(|tail| *tail);
    let tail = tail.ok_or_else(|| anyhow!("compare: the data can't be split"))?;
    let (kept, held) = (train.rows()?, tail.rows()?);
    cx.output.note(&format!("the data has no test part: {kept} samples train, {held} measure"));
    Ok([train, tail])
}

/// The network of the 2019 article: Flatten, two hidden layers, `BatchNormalization`, softmax.
fn blog_network(data: &Dataset) -> Result<Model> {
    let [(_, x)] = data.inputs.as_slice() else {
        bail!("compare: expected data with one input for the default network; pass --model");
    };
    let model = Sequential::new()
        .input(&x.shape()[1..])
        .add(Flatten::new())
        .add(Dense::new(256).activation("relu"))
        .add(Dense::new(100).activation("relu"))
        .add(BatchNormalization::new())
        .add(Dense::new(classes(data)?).activation("softmax"))
        .build()?;
    Ok(model)
}

/// One more than the largest label, and at least the article's 10.
fn classes(data: &Dataset) -> Result<usize> {
    let [labels] = data.targets.as_slice() else {
        bail!("compare: expected one array of labels for the default network; pass --model");
    };
    let is_class = |label: &&f64| label.fract() == 0.0 && (0.0..CLASSES_MAX).contains(*label);
    let per_sample = labels.shape().iter().skip(1).all(|size| *size == 1);
    let mut largest = 9.0_f64;
    let mut chunks = labels.as_rows().chunks(CHUNK_ROWS);
    while let Some((_, chunk)) = chunks.next_chunk()? {
        let values = chunk.to_f64();
        if let Some(other) = values.iter().find(|label| !is_class(label)) {
            bail!(
                "compare: expected labels 0, 1, 2, ... for the default network, received {other}; pass --model"
            );
        }
        largest = values.iter().fold(largest, |most, label| most.max(*label));
    }
    if !per_sample {
        bail!(
            "compare: expected one label for each sample for the default network, received shape {:?}; pass --model",
            labels.shape()
        );
    }
    Ok(largest as usize + 1)
}

/// Measures the epochs of a training, without what comes before and after it.
struct Stopwatch<'a> {
    started: Option<Instant>,
    seconds: &'a mut Vec<f64>,
}

impl Callback for Stopwatch<'_> {
    fn on_epoch_begin(&mut self, _cx: &mut Training<'_>, _epoch: usize) -> rhyton::Result<()> {
        self.started = Some(Instant::now());
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        _cx: &mut Training<'_>,
        _epoch: usize,
        _logs: &Logs,
    ) -> rhyton::Result<()> {
        let elapsed = self.started.take().map(|started| started.elapsed().as_secs_f64());
        self.seconds.extend(elapsed);
        Ok(())
    }
}
