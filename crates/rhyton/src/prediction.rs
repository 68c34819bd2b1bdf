//! Predictions in batches; all that a build for inference needs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhyton_data::Rows;
use rhyton_graph::{Executable, RunOptions};
use rhyton_tensor::Array;

use crate::arrays::Arrays;
use crate::models::Model;
use crate::{Error, Result};

/// How predictions are made.
#[derive(Debug, Clone)]
pub struct Predict {
    batch_size: usize,
    cancel: Option<Arc<AtomicBool>>,
}

impl Default for Predict {
    fn default() -> Self {
        Self { batch_size: 32, cancel: None }
    }
}

impl Predict {
    /// Batches of 32.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many samples are run at once; default 32.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// A flag by which another thread stops the prediction, which then fails at the engine's next
    /// opportunity; default none.
    #[must_use]
    pub fn cancel(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancel = Some(flag);
        self
    }
}

impl Model {
    /// The outputs for all samples, one array for each output of the model.
    ///
    /// # Errors
    /// [`Error::Data`] for inputs that do not fit.
    pub fn predict<'a>(&self, x: impl Into<Arrays<'a>>, options: Predict) -> Result<Vec<Array>> {
        let inputs = x.into();
        let specs = self.check_inputs("predict", &inputs.0)?;
        let rows = inputs.0[0].count();
        let named: Vec<(String, Rows<'_>)> =
            self.inputs().into_iter().map(|(name, _)| name).zip(inputs.0.iter().copied()).collect();
        if let Some((name, array)) = named.iter().find(|(_, array)| array.count() != rows) {
            let expected = format!("{rows} rows, as many as the first input");
            return Err(Error::data("predict", name, expected, array.count()));
        }
        let mut batches = batches("predict", &named, options.batch_size)?;
        let mut results = self.results(rows, options.batch_size);
        let mut written = vec![0; results.len()];
        let program = self.predict_program(&specs)?;
        let run = RunOptions { cancel: options.cancel, ..Self::run_options() };
        let mut outputs = Vec::new();
        while let Some(batch) = batches.next_batch().map_err(|e| data_error("predict", &e))? {
            run_batch(&*program, batch.arrays, &mut outputs, &run)?;
            for ((result, output), start) in results.iter_mut().zip(&outputs).zip(&mut written) {
                let end = *start + output.bytes().len();
                result.bytes_mut()[*start..end].copy_from_slice(output.bytes());
                *start = end;
            }
        }
        Ok(results)
    }

    /// Room for the batches' outputs, one after another. Outputs need not have a row for each sample:
    /// a sum over the batch has one for each batch.
    fn results(&self, rows: usize, batch_size: usize) -> Vec<Array> {
        let (whole, rest) = (rows / batch_size, rows % batch_size);
        let outputs = self.outputs();
        let room = outputs.iter().map(|(_, spec)| {
            let mut shape = spec.shape.bind(rows);
            if let Some(first) = shape.first_mut() {
                let of = |batch: usize| spec.shape[0].bind(batch);
                *first = whole * of(batch_size) + if rest > 0 { of(rest) } else { 0 };
            }
            Array::zeros(spec.dtype, &shape)
        });
        room.collect()
    }
}

/// Arrays of a batch that are handed to a program without an allocation.
const HANDED_MAX: usize = 8;

/// Runs a program on a batch.
pub(crate) fn run_batch(
    program: &dyn Executable,
    arrays: &[Array],
    outputs: &mut Vec<Array>,
    options: &RunOptions,
) -> Result<()> {
    let Some(first) = arrays.first().filter(|_| arrays.len() <= HANDED_MAX) else {
        return Ok(program.run(&arrays.iter().collect::<Vec<_>>(), outputs, options)?);
    };
    let mut handed = [first; HANDED_MAX];
    for (place, array) in handed.iter_mut().zip(arrays) {
        *place = array;
    }
    Ok(program.run(&handed[..arrays.len()], outputs, options)?)
}

/// Batches over named arrays in order.
pub(crate) fn batches<'a>(
    method: &'static str,
    arrays: &[(String, Rows<'a>)],
    batch_size: usize,
) -> Result<rhyton_data::Batches<'a>> {
    if batch_size == 0 {
        return Err(Error::data(method, "batch_size", "at least 1", 0));
    }
    rhyton_data::Batches::new(arrays, batch_size).map_err(|error| data_error(method, &error))
}

/// What went wrong while batches were made: with the arrays given, or with the files behind them.
pub(crate) fn data_error(method: &'static str, error: &rhyton_data::Error) -> Error {
    use rhyton_data::Error as Source;
    if matches!(
        error,
        Source::Io { .. }
            | Source::Content { .. }
            | Source::Augmentation { .. }
            | Source::Thread { .. }
    ) {
        return Error::Samples { method, message: error.to_string() };
    }
    Error::data(method, "data", "arrays that fit together", error)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::{Dense, Sequential};

    #[test]
    fn a_flag_stops_a_prediction() {
        let model = Sequential::new().input(&[2]).add(Dense::new(1)).build().unwrap();
        let x = Array::from_slice(&[3, 2], &[1.0_f32; 6]).unwrap();
        let flag = Arc::new(AtomicBool::new(false));
        let options = Predict::new().batch_size(2).cancel(Arc::clone(&flag));
        assert_eq!(model.predict(&x, options.clone()).unwrap()[0].shape(), [3, 1]);
        flag.store(true, Ordering::Relaxed);
        let error = model.predict(&x, options).unwrap_err();
        assert!(matches!(error, Error::Graph(rhyton_graph::Error::Cancelled)), "{error}");
    }
}
