use rhyton_tensor::Array;

use crate::Result;
use crate::arrays::Arrays;

/// Everything a step takes: inputs, targets, and weights of samples.
#[derive(Debug, Clone)]
pub(crate) struct Samples<'a> {
    pub(crate) inputs: Arrays<'a>,
    pub(crate) targets: Arrays<'a>,
    pub(crate) sample_weight: Option<&'a Array>,
}

impl<'a> Samples<'a> {
    /// All arrays with names for messages, in the order in which programs take them.
    pub(crate) fn named(&self) -> Vec<(String, &'a Array)> {
        let inputs = self.inputs.0.iter().enumerate().map(|(i, array)| (format!("x{i}"), *array));
        let targets = self.targets.0.iter().enumerate().map(|(i, array)| (format!("y{i}"), *array));
        let weight = self.sample_weight.map(|array| ("sample_weight".to_owned(), array));
        inputs.chain(targets).chain(weight).collect()
    }

    pub(crate) fn rows(&self) -> usize {
        self.inputs.0.first().and_then(|array| array.shape().first()).copied().unwrap_or(0)
    }
}

/// Arrays cut at a row: the training part and the validation part.
pub(crate) fn split(arrays: &Arrays<'_>, at: usize) -> Result<(Vec<Array>, Vec<Array>)> {
    let mut parts = (Vec::new(), Vec::new());
    for array in &arrays.0 {
        let rows = array.shape().first().copied().unwrap_or(0);
        parts.0.push(array.rows(0, at)?);
        parts.1.push(array.rows(at, rows)?);
    }
    Ok(parts)
}
