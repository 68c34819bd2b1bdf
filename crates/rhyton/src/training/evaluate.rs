use rhyton_tensor::Array;

use super::data::Samples;
use super::history::Logs;
use super::program::{Purpose, StepSpecs};
use crate::arrays::Arrays;
use crate::callbacks::{Callback, Callbacks, Training};
use crate::models::Model;
use crate::prediction::{batches, data_error};
use crate::{Error, Result};

/// How a model is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Evaluate<'a> {
    pub(crate) batch_size: usize,
    pub(crate) sample_weight: Option<&'a Array>,
}

impl Default for Evaluate<'_> {
    fn default() -> Self {
        Self { batch_size: 32, sample_weight: None }
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

    /// How much each sample counts in the loss.
    #[must_use]
    pub fn sample_weight(mut self, weights: &'a Array) -> Self {
        self.sample_weight = Some(weights);
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
            Samples { inputs: x.into(), targets: y.into(), sample_weight: options.sample_weight };
        self.evaluate_samples(&samples, options.batch_size, &mut Callbacks::none())
    }

    pub(crate) fn evaluate_samples(
        &mut self,
        samples: &Samples<'_>,
        batch_size: usize,
        callbacks: &mut Callbacks<'_>,
    ) -> Result<Logs> {
        let specs = self.step_specs("evaluate", samples)?;
        self.track(&specs.targets)?;
        let program = self.step_program(Purpose::Evaluate, &specs)?;
        self.reset_tracked()?;
        let named = samples.named();
        let mut batches = batches("evaluate", &named, batch_size)?;
        let (mut outputs, run) = (Vec::new(), Self::run_options());
        let mut place = 0;
        callbacks.each(self, Callback::on_test_begin)?;
        while let Some(batch) = batches.next_batch().map_err(|e| data_error("evaluate", &e))? {
            callbacks.each(self, |callback, cx| callback.on_test_batch_begin(cx, place))?;
            program.run(&batch.arrays.iter().collect::<Vec<_>>(), &mut outputs, &run)?;
            callbacks.each(self, |callback, cx| callback.on_test_batch_end(cx, place))?;
            place += 1;
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
        let weight =
            samples.sample_weight.map(|array| Arrays::from(array).specs(method, "sample_weight"));
        let sample_weight = weight.transpose()?.map(|mut specs| specs.remove(0));
        Ok(StepSpecs { inputs, targets, sample_weight })
    }
}
