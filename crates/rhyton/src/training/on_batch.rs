use std::collections::BTreeMap;

use rhyton_tensor::Array;

use super::data::{Samples, class_weights};
use super::history::Logs;
use super::program::{Purpose, StepSpecs};
use crate::arrays::Arrays;
use crate::models::Model;
use crate::prediction::{batches, data_error, run_batch};
use crate::{Error, Result};

/// What a single step counts beside inputs and targets.
#[derive(Debug, Clone, Default)]
pub struct OnBatch<'a> {
    sample_weights: Arrays<'a>,
    class_weight: BTreeMap<i64, f64>,
    seed: Option<u64>,
}

impl<'a> OnBatch<'a> {
    /// Every sample counts once.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much each sample counts: one array for all outputs, or one for each.
    #[must_use]
    pub fn sample_weight(mut self, weights: impl Into<Arrays<'a>>) -> Self {
        self.sample_weights = weights.into();
        self
    }

    /// How much samples of a class count; classes that are not named count once.
    #[must_use]
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (i64, f64)>) -> Self {
        self.class_weight = weights.into_iter().collect();
        self
    }

    /// The seed of random layers; default the model's.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// The gradients of the loss by every trained weight, as [`Model::gradients`] found them.
///
/// The arrays may be changed before [`Model::apply_gradients`] takes them: averaged over batches or
/// machines, clipped, masked.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// The loss of the batch, penalties included.
    pub loss: f64,
    /// The running values of loss and metrics, this batch included.
    pub logs: Logs,
    /// The paths of the weights, in the order of `arrays`.
    pub paths: Vec<String>,
    /// One array for each trained weight, of its shape and element type.
    pub arrays: Vec<Array>,
}

impl Gradients {
    /// The gradient by the weight at a path, e.g. `dense/kernel`; `None` if it is not trained.
    pub fn get(&self, path: &str) -> Option<&Array> {
        let place = self.paths.iter().position(|known| known == path)?;
        self.arrays.get(place)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Array> {
        let place = self.paths.iter().position(|known| known == path)?;
        self.arrays.get_mut(place)
    }
}

impl Model {
    /// The gradients of the loss on a batch, with the loss; no weight is trained. Together with
    /// [`Model::apply_gradients`] it is a step of [`Model::fit`], to the bit.
    ///
    /// Moving statistics move, and running values of metrics go on from [`Model::reset_metrics`].
    /// A scale that the optimizer puts on the loss is taken out of the gradients. Random layers draw
    /// anew in every call, unless [`OnBatch::seed`] is given.
    ///
    /// ```
    /// use rhyton::{Array, Compile, Dense, OnBatch, SGD, Sequential};
    /// let mut model = Sequential::new().input(&[2]).add(Dense::new(1)).build()?;
    /// model.compile(Compile::new().optimizer(SGD::new(0.1)).loss("mse"))?;
    /// let x = Array::from_slice(&[3, 2], &[0.0_f32, 1.0, 1.0, 0.0, 1.0, 1.0])?;
    /// let y = Array::from_slice(&[3, 1], &[1.0_f32, 2.0, 3.0])?;
    /// let mut losses = Vec::new();
    /// for _ in 0..50 {
    ///     let mut gradients = model.gradients(&x, &y, OnBatch::new())?;
    ///     for value in gradients.get_mut("dense/bias").unwrap().view_mut::<f32>() {
    ///         *value = value.clamp(-0.5, 0.5);
    ///     }
    ///     losses.push(gradients.loss);
    ///     model.apply_gradients(&gradients)?;
    /// }
    /// assert!(losses[49] < 0.1 * losses[0]);
    /// # Ok::<(), rhyton::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::State`] before `compile` or without a loss; [`Error::Data`] for data that does not
    /// fit.
    pub fn gradients<'a>(
        &mut self,
        x: impl Into<Arrays<'a>>,
        y: impl Into<Arrays<'a>>,
        options: OnBatch<'a>,
    ) -> Result<Gradients> {
        let samples = Samples { inputs: x.into(), targets: y.into(), ..Samples::default() };
        let taken = self.compiled.as_mut().map_or(0, |compiled| {
            compiled.gradients_taken += 1;
            compiled.gradients_taken - 1
        });
        let mut options = options;
        if taken > 0 && options.seed.is_none() {
            // The optimizer's step, which random layers follow, stays where it is meanwhile.
            let [low, high] = crate::layer::random_key(self.seed, &format!("gradients {taken}"));
            options.seed = Some(u64::from(high) << 32 | u64::from(low));
        }
        let mut arrays = self.run_step(("gradients", Purpose::Gradients), &samples, options)?;
        let loss = arrays.remove(0).to_f64()[0];
        let compiled = self.compiled()?;
        let paths = compiled.trained.iter().map(|&place| compiled.weights[place].path.clone());
        Ok(Gradients { loss, paths: paths.collect(), arrays, logs: self.logs()? })
    }

    /// One step of the optimizer with gradients, which clips, decays, updates and averages as `fit`
    /// does.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`; [`Error::Data`] when the gradients are not of the trained
    /// weights.
    pub fn apply_gradients(&mut self, gradients: &Gradients) -> Result<()> {
        let compiled = self.compiled()?;
        let wanted = compiled.trained.iter().map(|&place| &compiled.weights[place]);
        let method = "apply_gradients";
        if gradients.arrays.len() != wanted.len() {
            let expected = format!("{} arrays, one for each trained weight", wanted.len());
            return Err(Error::data(method, "gradients", expected, gradients.arrays.len()));
        }
        for (weight, array) in wanted.zip(&gradients.arrays) {
            if weight.spec.dtype != array.dtype() || weight.spec.shape.bind(0) != array.shape() {
                let received = format!("{}{:?}", array.dtype(), array.shape());
                return Err(Error::data(method, &*weight.path, weight.spec.to_string(), received));
            }
        }
        let program = self.update_program()?;
        run_batch(&*program, &gradients.arrays, &mut Vec::new(), &Self::run_options())?;
        if let Some(compiled) = &mut self.compiled {
            compiled.gradients_taken = 0;
        }
        Ok(())
    }

    /// One step of training on a batch; the running values of loss and metrics, this batch included.
    ///
    /// # Errors
    /// As [`Model::gradients`].
    pub fn train_on_batch<'a>(
        &mut self,
        x: impl Into<Arrays<'a>>,
        y: impl Into<Arrays<'a>>,
        options: OnBatch<'a>,
    ) -> Result<Logs> {
        let samples = Samples { inputs: x.into(), targets: y.into(), ..Samples::default() };
        self.run_step(("train_on_batch", Purpose::Train), &samples, options)?;
        self.logs()
    }

    /// Loss and metrics on a batch without training: running values, this batch included.
    ///
    /// # Errors
    /// As [`Model::gradients`].
    pub fn test_on_batch<'a>(
        &mut self,
        x: impl Into<Arrays<'a>>,
        y: impl Into<Arrays<'a>>,
        options: OnBatch<'a>,
    ) -> Result<Logs> {
        let samples = Samples { inputs: x.into(), targets: y.into(), ..Samples::default() };
        self.run_step(("test_on_batch", Purpose::Evaluate), &samples, options)?;
        self.logs()
    }

    /// Sets the running values of loss and metrics to what they are at the start of an epoch.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`; what the engine fails with.
    pub fn reset_metrics(&mut self) -> Result<()> {
        self.reset_tracked()
    }

    /// Runs a program on one batch.
    fn run_step(
        &mut self,
        (method, purpose): (&'static str, Purpose),
        samples: &Samples<'_>,
        options: OnBatch<'_>,
    ) -> Result<Vec<Array>> {
        let by_class = weights_of_classes(method, samples, &options)?;
        let mut samples = samples.clone();
        samples.sample_weights = match &by_class {
            Some(weights) => Arrays::from(weights),
            None => options.sample_weights,
        };
        let specs: StepSpecs = self.step_specs(method, &samples)?;
        self.track(method, &specs.targets)?;
        self.check_labels(method, &samples)?;
        if purpose != Purpose::Evaluate {
            self.set_training_seed(options.seed.unwrap_or(self.seed))?;
        }
        let program = self.step_program(purpose, &specs)?;
        let mut batches = batches(method, &samples.named(), samples.rows())?;
        let mut outputs = Vec::new();
        if let Some(batch) = batches.next_batch().map_err(|error| data_error(method, &error))? {
            run_batch(&*program, batch.arrays, &mut outputs, &Self::run_options())?;
        }
        Ok(outputs)
    }
}

/// The weights of samples by their classes, if any are given.
fn weights_of_classes(
    method: &'static str,
    samples: &Samples<'_>,
    options: &OnBatch<'_>,
) -> Result<Option<Array>> {
    if options.class_weight.is_empty() {
        return Ok(None);
    }
    if !options.sample_weights.0.is_empty() {
        let expected = "no sample_weight beside it";
        return Err(Error::data(method, "class_weight", expected, "both"));
    }
    class_weights(&samples.targets, &options.class_weight).map(Some)
}
