//! Arrays as arguments: one, or one for each input or output.

use rhyton_graph::Spec;
use rhyton_tensor::Array;

use crate::{Error, Result};

/// One or several arrays, as a model has one or several inputs or outputs.
#[derive(Debug, Clone, Default)]
pub struct Arrays<'a>(pub(crate) Vec<&'a Array>);

impl<'a> From<&'a Array> for Arrays<'a> {
    fn from(array: &'a Array) -> Self {
        Self(vec![array])
    }
}

impl<'a> From<&'a [Array]> for Arrays<'a> {
    fn from(arrays: &'a [Array]) -> Self {
        Self(arrays.iter().collect())
    }
}

impl<'a> From<&'a Vec<Array>> for Arrays<'a> {
    fn from(arrays: &'a Vec<Array>) -> Self {
        Self(arrays.iter().collect())
    }
}

impl<'a> From<Vec<&'a Array>> for Arrays<'a> {
    fn from(arrays: Vec<&'a Array>) -> Self {
        Self(arrays)
    }
}

impl<'a, const COUNT: usize> From<[&'a Array; COUNT]> for Arrays<'a> {
    fn from(arrays: [&'a Array; COUNT]) -> Self {
        Self(arrays.into())
    }
}

impl Arrays<'_> {
    /// What a program takes of these arrays: the first axis is the batch.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn specs(&self, method: &'static str, what: &str) -> Result<Vec<Spec>> {
        self.0
            .iter()
            .map(|array| {
                let Some((_, rest)) = array.shape().split_first() else {
                    return Err(Error::data(method, what, "one row for each sample", "a scalar"));
                };
                Ok(Spec::new(array.dtype(), rhyton_graph::Shape::batched(rest)))
            })
            .collect()
    }
}
