//! Predictions in batches; all that a build for inference needs.

use rhyton_graph::{Executable, RunOptions};
use rhyton_tensor::Array;

use crate::arrays::Arrays;
use crate::models::Model;
use crate::{Error, Result};

/// How predictions are made.
#[derive(Debug, Clone, Copy)]
pub struct Predict {
    batch_size: usize,
}

impl Default for Predict {
    fn default() -> Self {
        Self { batch_size: 32 }
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
}

impl Model {
    /// The outputs for all samples, one array for each output of the model.
    ///
    /// # Errors
    /// [`Error::Data`] for inputs that do not fit.
    pub fn predict<'a>(&self, x: impl Into<Arrays<'a>>, options: Predict) -> Result<Vec<Array>> {
        let inputs = x.into();
        let specs = self.check_inputs("predict", &inputs.0)?;
        let rows = inputs.0[0].shape()[0];
        let named: Vec<(String, &Array)> =
            self.inputs().into_iter().map(|(name, _)| name).zip(inputs.0.iter().copied()).collect();
        if let Some((name, array)) = named.iter().find(|(_, array)| array.shape()[0] != rows) {
            let expected = format!("{rows} rows, as many as the first input");
            return Err(Error::data("predict", name, expected, array.shape()[0]));
        }
        let mut batches = batches("predict", &named, options.batch_size)?;
        let mut results: Vec<Array> = self
            .outputs()
            .into_iter()
            .map(|(_, spec)| Array::zeros(spec.dtype, &spec.shape.bind(rows)))
            .collect();
        let mut written = vec![0; results.len()];
        let program = self.predict_program(&specs)?;
        let (mut outputs, run) = (Vec::new(), Self::run_options());
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
    arrays: &[(String, &'a Array)],
    batch_size: usize,
) -> Result<rhyton_data::Batches<'a>> {
    if batch_size == 0 {
        return Err(Error::data(method, "batch_size", "at least 1", 0));
    }
    rhyton_data::Batches::new(arrays, batch_size).map_err(|error| data_error(method, &error))
}

pub(crate) fn data_error(method: &'static str, error: &rhyton_data::Error) -> Error {
    Error::data(method, "data", "arrays that fit together", error)
}
