use std::collections::BTreeMap;

use rhyton_data::Augmentation;

use super::backup::{Identified, Position, StepPosition};
use super::data::{Samples, class_weights, split};
use super::executions::Executions;
use super::feed::Feed;
use super::history::{History, Logs};
use super::program::{Purpose, StepSpecs};
use super::progress::Progress;
use crate::arrays::Arrays;
use crate::callbacks::{Callback, Callbacks, Parameters};
use crate::models::Model;
use crate::prediction::{batches, data_error, run_batch};
use crate::{Error, Result};

/// How much `fit` tells on standard error while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verbose {
    /// A bar on a terminal, a line an epoch elsewhere.
    #[default]
    Auto,
    /// Nothing.
    Silent,
    /// A bar that is redrawn.
    Bar,
    /// A line an epoch.
    Lines,
}

/// How a model is trained.
///
/// ```
/// # use rhyton::{Fit, EarlyStopping};
/// let fit = Fit::new().epochs(20).batch_size(128).validation_split(0.2)
///     .callback(EarlyStopping::new("val_loss").patience(3));
/// ```
#[must_use]
pub struct Fit<'a> {
    epochs: usize,
    batch_size: usize,
    validation_split: f64,
    validation_data: Option<(Arrays<'a>, Arrays<'a>)>,
    validation_sample_weights: Arrays<'a>,
    sample_weights: Arrays<'a>,
    class_weight: BTreeMap<i64, f64>,
    shuffle: bool,
    augmentation: Augmentation,
    seed: Option<u64>,
    verbose: Verbose,
    callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for Fit<'_> {
    fn default() -> Self {
        Self {
            epochs: 1,
            batch_size: 32,
            validation_split: 0.0,
            validation_data: None,
            validation_sample_weights: Arrays::default(),
            sample_weights: Arrays::default(),
            class_weight: BTreeMap::new(),
            shuffle: true,
            augmentation: Augmentation::new(),
            seed: None,
            verbose: Verbose::Auto,
            callbacks: Vec::new(),
        }
    }
}

impl<'a> Fit<'a> {
    /// Keras' defaults: 1 epoch, batches of 32, shuffled.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often all samples are seen; default 1.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// How many samples make a step; default 32. The last step of an epoch may have fewer.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// The share of the samples, taken from the end, that is kept for validation; default 0.
    pub fn validation_split(mut self, share: f64) -> Self {
        self.validation_split = share;
        self
    }

    /// Samples for validation; they win over a share.
    pub fn validation_data(mut self, x: impl Into<Arrays<'a>>, y: impl Into<Arrays<'a>>) -> Self {
        self.validation_data = Some((x.into(), y.into()));
        self
    }

    /// How much each sample for validation counts: one array for all outputs, or one for each.
    pub fn validation_sample_weight(mut self, weights: impl Into<Arrays<'a>>) -> Self {
        self.validation_sample_weights = weights.into();
        self
    }

    /// How much each sample counts in the loss and in weighted metrics: one array for all outputs,
    /// or one for each.
    pub fn sample_weight(mut self, weights: impl Into<Arrays<'a>>) -> Self {
        self.sample_weights = weights.into();
        self
    }

    /// How much samples of a class count while training; classes that are not named count once. For
    /// models with one output whose targets are class numbers or rows.
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (i64, f64)>) -> Self {
        self.class_weight = weights.into_iter().collect();
        self
    }

    /// Whether samples come in a new order each epoch; default true. The order follows from the
    /// seed and the optimizer's steps so far, so a model that was saved goes on as if it had not
    /// been.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Random changes of the images to train on, new ones each epoch; those for validation stay as
    /// they are. They follow from the seed, the optimizer's steps before the epoch, and the sample,
    /// so that batch size, threads and resuming change nothing. Inputs that are no images stay.
    pub fn augment(mut self, augmentation: Augmentation) -> Self {
        self.augmentation = augmentation;
        self
    }

    /// The seed of the order of samples, their changes, and random layers; default the model's.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What is told while training; default a bar on a terminal, lines elsewhere.
    pub fn verbose(mut self, verbose: Verbose) -> Self {
        self.verbose = verbose;
        self
    }

    /// One more callback; they are called in the order in which they were given.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }
}

impl Model {
    /// Trains the model.
    ///
    /// # Errors
    /// [`Error::State`] before `compile` or without a loss; [`Error::Data`] for data or options
    /// that do not fit; what a callback fails with.
    pub fn fit<'a>(
        &mut self,
        x: impl Into<Arrays<'a>>,
        y: impl Into<Arrays<'a>>,
        options: Fit<'a>,
    ) -> Result<History> {
        let samples = Samples {
            inputs: x.into(),
            targets: y.into(),
            sample_weights: options.sample_weights.clone(),
        };
        self.compiled()?;
        if let Some((x, y)) = options.validation_data.clone() {
            let sample_weights = options.validation_sample_weights.clone();
            let validation = Samples { inputs: x, targets: y, sample_weights };
            return self.fit_classes(&samples, Some(&validation), options);
        }
        if !options.validation_sample_weights.0.is_empty() {
            let expected = "`validation_data` beside it";
            return Err(Error::data("fit", "validation_sample_weight", expected, "none"));
        }
        if options.validation_split == 0.0 {
            return self.fit_classes(&samples, None, options);
        }
        let at = split_at(samples.rows(), options.validation_split)?;
        let x = split(&samples.inputs, at)?;
        let y = split(&samples.targets, at)?;
        let weights = split(&samples.sample_weights, at)?;
        let train = Samples {
            inputs: Arrays::from(&x.0),
            targets: Arrays::from(&y.0),
            sample_weights: Arrays::from(&weights.0),
        };
        let validation = Samples {
            inputs: Arrays::from(&x.1),
            targets: Arrays::from(&y.1),
            sample_weights: Arrays::from(&weights.1),
        };
        self.fit_classes(&train, Some(&validation), options)
    }

    /// Makes the weights of classes those of samples, and trains.
    fn fit_classes(
        &mut self,
        samples: &Samples<'_>,
        validation: Option<&Samples<'_>>,
        options: Fit<'_>,
    ) -> Result<History> {
        if options.class_weight.is_empty() {
            return self.fit_samples(samples, validation, options);
        }
        if !samples.sample_weights.0.is_empty() {
            let expected = "no sample_weight beside it";
            return Err(Error::data("fit", "class_weight", expected, "both"));
        }
        let weights = class_weights(&samples.targets, &options.class_weight)?;
        let samples = Samples { sample_weights: Arrays::from(&weights), ..samples.clone() };
        self.fit_samples(&samples, validation, options)
    }

    fn fit_samples(
        &mut self,
        samples: &Samples<'_>,
        validation: Option<&Samples<'_>>,
        options: Fit<'_>,
    ) -> Result<History> {
        let specs = self.step_specs("fit", samples)?;
        if let Some(validation) = validation {
            self.step_specs("fit", validation)?;
        }
        self.track("fit", &specs.targets)?;
        self.check_labels("fit", samples)?;
        if let Some(validation) = validation {
            self.check_labels("fit", validation)?;
        }
        let seed = options.seed.unwrap_or(self.seed);
        let steps = samples.rows().div_ceil(options.batch_size.max(1));
        let parameters = Parameters { epochs: options.epochs, steps };
        let mut progress = Progress::new(options.verbose, parameters);
        let mut callbacks = Callbacks::new(options.callbacks, parameters);
        let identified = Identified {
            samples,
            validation,
            batch_size: options.batch_size,
            shuffle: options.shuffle,
            seed,
            augmentation: &options.augmentation,
            class_weight: &options.class_weight,
        };
        self.set_training_seed(seed)?;
        if self.iterations()? == 0 {
            super::depth::warn(self)?;
        }
        let start = self.begin_backup(&mut callbacks, &identified, options.epochs)?;
        let run = Run {
            samples,
            validation,
            specs,
            batch_size: options.batch_size,
            feed: Feed { seed, shuffle: options.shuffle, augmentation: options.augmentation },
            start,
        };
        // One that was kept when it was about to end has no epoch left.
        let over = callbacks.stopped() && start.step.is_none();
        callbacks.each(self, Callback::on_train_begin)?;
        for epoch in start.epoch..if over { start.epoch } else { options.epochs } {
            let logs = self.epoch(&run, epoch, &mut callbacks, &mut progress)?;
            let logs = callbacks.end_epoch(self, epoch, logs)?;
            progress.end_epoch(&logs);
            if callbacks.stopped() {
                break;
            }
        }
        if options.epochs > 0 {
            self.use_averages()?;
        }
        callbacks.each(self, Callback::on_train_end)?;
        callbacks.end_backup()?;
        Ok(callbacks.history())
    }

    /// One pass over the samples, and over those for validation.
    fn epoch(
        &mut self,
        run: &Run<'_>,
        epoch: usize,
        callbacks: &mut Callbacks<'_>,
        progress: &mut Progress,
    ) -> Result<Logs> {
        let start = run.start.within(epoch);
        if start.is_none() {
            callbacks.each(self, |callback, cx| callback.on_epoch_begin(cx, epoch))?;
        }
        progress.begin_epoch(epoch);
        // A validation may have been on targets of another type.
        self.track("fit", &run.specs.targets)?;
        let program = self.step_program(Purpose::Train, &run.specs)?;
        if start.is_none() {
            self.reset_tracked()?;
        }
        let mut at = match start {
            Some(step) => step,
            None => StepPosition { batch: 0, order: self.iterations()? },
        };
        let named = run.samples.named();
        let mut batches = batches("fit", &named, run.batch_size)?;
        // Counted by steps, so that every call of `fit` and a model that was saved in between go on
        // with a new order.
        run.feed.begin(&mut batches, run.specs.inputs.len(), at.order)?;
        batches.seek(if start.is_some() && callbacks.stopped() { usize::MAX } else { at.batch });
        let (mut outputs, options) = (Vec::new(), Self::run_options());
        let mut executions = Executions::of(self.compiled()?.steps_per_execution, at.batch);
        while let Some(batch) = batches.next_batch().map_err(|e| data_error("fit", &e))? {
            if let Some(begin) = executions.begins() {
                callbacks.each(self, |callback, cx| callback.on_train_batch_begin(cx, begin))?;
            }
            run_batch(&*program, batch.arrays, &mut outputs, &options)?;
            at.batch += 1;
            if let Some(end) = executions.step() {
                callbacks.each(self, |callback, cx| callback.on_train_batch_end(cx, end))?;
                callbacks.end_step(self, Position { epoch, step: Some(at) })?;
            }
            if progress.is_due(at.batch) {
                progress.draw(at.batch, &self.logs()?);
            }
            if callbacks.stopped() {
                break;
            }
        }
        if let Some(end) = executions.last() {
            callbacks.each(self, |callback, cx| callback.on_train_batch_end(cx, end))?;
            callbacks.end_step(self, Position { epoch, step: Some(at) })?;
        }
        let mut logs = self.logs()?;
        if let Some(validation) = run.validation {
            let found = self.evaluate_samples(validation, run.batch_size, callbacks)?;
            logs.extend(found.into_iter().map(|(name, value)| (format!("val_{name}"), value)));
        }
        Ok(logs)
    }
}

/// What stays the same from epoch to epoch.
struct Run<'a> {
    samples: &'a Samples<'a>,
    validation: Option<&'a Samples<'a>>,
    specs: StepSpecs,
    batch_size: usize,
    feed: Feed,
    /// Where the training begins, or goes on.
    start: Position,
}

/// Where validation begins: ⌊rows · (1 − share)⌋, as in Keras.
fn split_at(rows: usize, share: f64) -> Result<usize> {
    let at = (rows as f64 * (1.0 - share)).floor();
    if !(0.0..1.0).contains(&share) || at < 1.0 || at >= rows as f64 {
        let expected = format!("a share that leaves samples on both sides of {rows}");
        return Err(Error::data("fit", "validation_split", expected, share));
    }
    Ok(at as usize)
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::{Array, DType};

    use super::*;
    use crate::{Compile, Dense, Sequential};

    /// A session of its own for each type would be made twice an epoch.
    #[test]
    fn a_validation_on_targets_of_another_type_keeps_the_programs() {
        let dense = Dense::new(1).activation("sigmoid");
        let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
        let compile = Compile::new().loss("binary_crossentropy").metrics(["accuracy"]);
        model.compile(compile).unwrap();
        let x = Array::from_slice(&[2, 1], &[0.0_f32, 1.0]).unwrap();
        for dtype in [DType::I64, DType::Bool, DType::F32] {
            let fit = Fit::new().epochs(2).verbose(Verbose::Silent);
            let history = model.fit(&x, &x, fit.validation_data(&x, &x.cast(dtype))).unwrap();
            assert_eq!(history.history["val_accuracy"].len(), 2);
        }
        assert_eq!(model.engine.program_count(), 4, "one to train, three to evaluate");
    }
}
