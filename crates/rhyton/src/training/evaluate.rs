use super::data::Samples;
use super::executions::Executions;
use super::history::Logs;
use super::program::{Purpose, StepSpecs};
use crate::arrays::Arrays;
use crate::callbacks::{Callback, Callbacks, Training};
use crate::models::Model;
use crate::prediction::{batches, data_error, run_batch};
use crate::{Error, Result};

/// How a model is evaluated.
#[derive(Debug, Clone)]
pub struct Evaluate<'a> {
    pub(crate) batch_size: usize,
    pub(crate) sample_weights: Arrays<'a>,
}

impl Default for Evaluate<'_> {
    fn default() -> Self {
        Self { batch_size: 32, sample_weights: Arrays::default() }
    }
}

impl<'a> Evaluate<'a> {
    /// Batches of 32, no weights, silent.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many samples are run at once; default 32.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// How much each sample counts in the loss and in weighted metrics: one array for all outputs,
    /// or one for each.
    #[must_use]
    pub fn sample_weight(mut self, weights: impl Into<Arrays<'a>>) -> Self {
        self.sample_weights = weights.into();
        self
    }
}

impl Model {
    /// Loss and metrics on data, by name.
    ///
    /// # Errors
    /// [`Error::State`] before `compile` or without a loss; [`Error::Data`] for data that does not
    /// fit.
    pub fn evaluate<'a>(
        &mut self,
        x: impl Into<Arrays<'a>>,
        y: impl Into<Arrays<'a>>,
        options: Evaluate<'a>,
    ) -> Result<Logs> {
        let samples =
            Samples { inputs: x.into(), targets: y.into(), sample_weights: options.sample_weights };
        let specs = self.step_specs("evaluate", &samples)?;
        self.track("evaluate", &specs.targets)?;
        self.check_labels("evaluate", &samples)?;
        self.evaluate_samples(&samples, options.batch_size, &mut Callbacks::none())
    }

    pub(crate) fn evaluate_samples(
        &mut self,
        samples: &Samples<'_>,
        batch_size: usize,
        callbacks: &mut Callbacks<'_>,
    ) -> Result<Logs> {
        let specs = self.step_specs("evaluate", samples)?;
        self.track("evaluate", &specs.targets)?;
        let program = self.step_program(Purpose::Evaluate, &specs)?;
        self.reset_tracked()?;
        let named = samples.named();
        let mut batches = batches("evaluate", &named, batch_size)?;
        let (mut outputs, run) = (Vec::new(), Self::run_options());
        let mut executions = Executions::of(self.compiled()?.steps_per_execution, 0);
        callbacks.each(self, Callback::on_test_begin)?;
        while let Some(batch) = batches.next_batch().map_err(|e| data_error("evaluate", &e))? {
            if let Some(begin) = executions.begins() {
                callbacks.each(self, |callback, cx| callback.on_test_batch_begin(cx, begin))?;
            }
            run_batch(&*program, batch.arrays, &mut outputs, &run)?;
            if let Some(end) = executions.step() {
                callbacks.each(self, |callback, cx| callback.on_test_batch_end(cx, end))?;
            }
        }
        if let Some(end) = executions.last() {
            callbacks.each(self, |callback, cx| callback.on_test_batch_end(cx, end))?;
        }
        let logs = self.logs()?;
        callbacks.each(self, |callback, cx: &mut Training<'_>| callback.on_test_end(cx, &logs))?;
        Ok(logs)
    }

    /// The running values of loss and metrics.
    pub(crate) fn logs(&self) -> Result<Logs> {
        match &self.compiled()?.tracked {
            Some(tracked) => tracked.logs(&self.engine),
            None => Ok(Logs::new()),
        }
    }

    /// The running value of the loss.
    pub(crate) fn running_loss(&self) -> Result<Option<f64>> {
        match &self.compiled()?.tracked {
            Some(tracked) => tracked.loss(&self.engine).map(Some),
            None => Ok(None),
        }
    }

    /// The class of the metric under a key of the logs.
    pub(crate) fn metric_class(&self, key: &str) -> Option<&'static str> {
        self.compiled.as_ref()?.tracked.as_ref()?.metric_class(key)
    }

    pub(crate) fn reset_tracked(&self) -> Result<()> {
        match &self.compiled()?.tracked {
            Some(tracked) => tracked.reset(&self.engine),
            None => Ok(()),
        }
    }

    /// The specifications of a step on such data, which is checked against the model.
    pub(crate) fn step_specs(
        &self,
        method: &'static str,
        samples: &Samples<'_>,
    ) -> Result<StepSpecs> {
        self.compiled()?;
        let inputs = self.check_inputs(method, &samples.inputs.0)?;
        let rows = samples.rows();
        for (name, array) in samples.named() {
            let found = array.shape().first().copied();
            if found != Some(rows) {
                let expected = format!("{rows} rows, as many as the first input");
                return Err(Error::data(
                    method,
                    name,
                    expected,
                    format!("shape {:?}", array.shape()),
                ));
            }
        }
        if rows == 0 {
            return Err(Error::data(method, "x", "at least one sample", "none"));
        }
        let targets = samples.targets.specs(method, "targets")?;
        let sample_weights = samples.sample_weights.specs(method, "sample_weight")?;
        let counts = [0, 1, targets.len()];
        if !counts.contains(&sample_weights.len()) {
            let expected = format!("one array, or {} for as many outputs", targets.len());
            return Err(Error::data(method, "sample_weight", expected, sample_weights.len()));
        }
        Ok(StepSpecs { inputs, targets, sample_weights })
    }
}
