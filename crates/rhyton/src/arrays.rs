//! Arrays as arguments: one, or one for each input or output, in memory or left in files.

use rhyton_data::{Column, Rows};
use rhyton_graph::Spec;
use rhyton_tensor::Array;

use crate::{Error, Result};

/// One or several arrays, as a model has one or several inputs or outputs; also columns of data
/// sets, whose rows may stay in files.
#[derive(Debug, Clone, Default)]
pub struct Arrays<'a>(pub(crate) Vec<Rows<'a>>);

impl<'a> From<&'a Array> for Arrays<'a> {
    fn from(array: &'a Array) -> Self {
        Self(vec![array.into()])
    }
}

impl<'a> From<&'a [Array]> for Arrays<'a> {
    fn from(arrays: &'a [Array]) -> Self {
        arrays.iter().collect()
    }
}

impl<'a> From<&'a Vec<Array>> for Arrays<'a> {
    fn from(arrays: &'a Vec<Array>) -> Self {
        arrays.iter().collect()
    }
}

impl<'a> From<Vec<&'a Array>> for Arrays<'a> {
    fn from(arrays: Vec<&'a Array>) -> Self {
        arrays.into_iter().collect()
    }
}

impl<'a, const COUNT: usize> From<[&'a Array; COUNT]> for Arrays<'a> {
    fn from(arrays: [&'a Array; COUNT]) -> Self {
        arrays.into_iter().collect()
    }
}

impl<'a> From<&'a Column> for Arrays<'a> {
    fn from(column: &'a Column) -> Self {
        Self(vec![column.into()])
    }
}

impl<'a> From<&'a Vec<Column>> for Arrays<'a> {
    fn from(columns: &'a Vec<Column>) -> Self {
        columns.iter().collect()
    }
}

impl<'a> From<Vec<Rows<'a>>> for Arrays<'a> {
    fn from(rows: Vec<Rows<'a>>) -> Self {
        Self(rows)
    }
}

impl<'a, T: Into<Rows<'a>>> FromIterator<T> for Arrays<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().map(Into::into).collect())
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
