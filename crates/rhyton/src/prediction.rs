//! Predictions in batches; all that a build for inference needs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhyton_data::Rows;
use rhyton_graph::{Executable, RunOptions, Shape};
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
        let mut results = self.results(rows, options.batch_size)?;
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
    /// a sum over the batch that keeps its axis has one for each batch.
    fn results(&self, rows: usize, batch_size: usize) -> Result<Vec<Array>> {
        let room = self.outputs().into_iter().map(|(name, spec)| {
            let shape = joined(&spec.shape, rows, batch_size).ok_or_else(|| {
                let expected = format!(
                    "all {rows} samples in one batch, since parts of output `{name}` {} can't be put \
                     one after another",
                    spec.shape
                );
                Error::data("predict", "batch_size", expected, batch_size)
            })?;
            Ok(Array::try_zeros(spec.dtype, &shape)?)
        });
        room.collect()
    }
}

/// The shape of an output's batches one after another; `None` if they have no first axis to be put
/// along, or differ in another.
fn joined(shape: &Shape, rows: usize, batch_size: usize) -> Option<Vec<usize>> {
    let (whole, rest) = (rows / batch_size, rows % batch_size);
    if rows <= batch_size {
        return Some(shape.bind(rows));
    }
    let (first, others) = shape.split_first()?;
    let mut sizes =
        vec![whole * first.bind(batch_size) + if rest > 0 { first.bind(rest) } else { 0 }];
    for other in others {
        sizes.push(other.fixed_size()?);
    }
    Some(sizes)
}

/// Arrays of a batch that are handed to a program without an allocation.
const HANDED_MAX: usize = 64;

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

    use rhyton_graph::{Tensor, sum, transpose};

    use super::*;
    use crate::{Dense, Sequential, input};

    #[test]
    fn outputs_without_a_row_for_each_sample_are_put_together_or_refused() {
        let x = Array::from_slice(&[5, 2], &(0..10).map(|n| n as f32).collect::<Vec<_>>()).unwrap();
        let predicted = |of: &dyn Fn(&Tensor) -> Tensor, batch_size| {
            let given = input(&[2]);
            let model = Model::functional(&[&given], &[&of(&given)]).unwrap();
            let options = Predict::new().batch_size(batch_size);
            model.predict(&x, options).map(|mut outputs| outputs.remove(0))
        };
        let kept = |x: &Tensor| sum(x, Some(&[0]), true);
        assert_eq!(predicted(&kept, 2).unwrap().to_f64(), [2.0, 4.0, 10.0, 12.0, 8.0, 9.0]);
        assert_eq!(predicted(&kept, 8).unwrap().to_f64(), [20.0, 25.0]);
        let all = |x: &Tensor| sum(x, None, false);
        assert_eq!(predicted(&all, 5).unwrap().to_f64(), [45.0]);
        insta::assert_snapshot!(predicted(&all, 2).unwrap_err(), @"predict: batch_size expected all 5 samples in one batch, since parts of output `sum` [] can't be put one after another, received 2");
        let turned = |x: &Tensor| transpose(x, &[1, 0]);
        assert_eq!(predicted(&turned, 5).unwrap().shape(), [2, 5]);
        insta::assert_snapshot!(predicted(&turned, 2).unwrap_err(), @"predict: batch_size expected all 5 samples in one batch, since parts of output `transpose` [2, N] can't be put one after another, received 2");
    }

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
