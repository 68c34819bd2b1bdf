use std::sync::Arc;

use rhyton_graph::{
    Tensor, absolute, equal, iota_like, matmul, maximum, rsqrt, square, sum, transpose, where_,
};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::{Regularizer, RegularizerKind, RegularizerSpec, factor};
use crate::objects::from_config;
use crate::{Error, Result};

/// factor · the mean of |cos| over all pairs of different rows (or columns) of a matrix.
///
/// Source: Keras 3.15 `keras.regularizers.OrthogonalRegularizer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct OrthogonalRegularizer {
    /// How much the mean counts, at least 0; default 0.01.
    factor: f64,
    /// What shall be orthogonal; default rows.
    mode: Vectors,
}

/// The vectors of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vectors {
    /// Its rows.
    #[default]
    Rows,
    /// Its columns.
    Columns,
}

pub(super) static SPEC: RegularizerSpec = RegularizerSpec {
    class_name: "OrthogonalRegularizer",
    module: "keras.regularizers",
    aliases: &["orthogonal_regularizer"],
    from_config: |config| {
        let regularizer =
            from_config::<OrthogonalRegularizer>("OrthogonalRegularizer", config, &[])?;
        regularizer.checked_factor()?;
        Ok(Arc::new(regularizer))
    },
    cases: &["{}", r#"{"factor": 0.5, "mode": "columns"}"#],
};

crate::configured!(OrthogonalRegularizer: RegularizerKind);

impl Default for OrthogonalRegularizer {
    fn default() -> Self {
        Self { factor: 0.01, mode: Vectors::Rows }
    }
}

impl OrthogonalRegularizer {
    fn checked_factor(&self) -> Result<f64> {
        factor("OrthogonalRegularizer", "factor", self.factor)
    }
}

impl Regularizer for OrthogonalRegularizer {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        let factor = self.checked_factor()?;
        let refuse = |expected| Error::config("OrthogonalRegularizer", "x", expected, x.shape());
        if x.rank() != 2 {
            return Err(refuse("a matrix"));
        }
        let rows = match self.mode {
            Vectors::Rows => x.clone(),
            Vectors::Columns => transpose(x, &[1, 0]),
        };
        let Some(count) = rows.shape()[0].fixed_size() else {
            return Err(refuse("as many rows for every batch"));
        };
        // The bound is Keras' epsilon, squared.
        let squares = maximum(sum(&square(&rows), Some(&[1]), true), 1e-14);
        let unit = &rows * rsqrt(squares);
        let product = matmul(&unit, &transpose(&unit, &[1, 0]));
        let itself = equal(iota_like(&product, 0, DType::I32), iota_like(&product, 1, DType::I32));
        let others = sum(&absolute(where_(&itself, 0, product)), None, false);
        let pairs = count as f64 * (count as f64 - 1.0) / 2.0;
        Ok((others * (0.5 * factor) / pairs).checked()?)
    }
}
