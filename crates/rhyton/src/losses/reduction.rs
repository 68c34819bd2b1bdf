use rhyton_graph::{Tensor, cast, dimension, greater, select, sum, where_};
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::ranks::{precise, same_rank};
use crate::Result;

/// How the values of samples become one number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<String>", into = "&'static str")]
pub enum LossReduction {
    /// Σ w·l / N, with N the number of values: not ÷ Σ w. Keras' default.
    #[default]
    SumOverBatchSize,
    /// Σ w·l.
    Sum,
    /// The same as the default, under Keras' other name.
    Mean,
    /// Σ w·l / Σ w; without weights the mean.
    MeanWithSampleWeight,
    /// The weighted values themselves.
    None,
}

impl LossReduction {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::SumOverBatchSize, "sum_over_batch_size"),
        (Self::Sum, "sum"),
        (Self::Mean, "mean"),
        (Self::MeanWithSampleWeight, "mean_with_sample_weight"),
        (Self::None, "none"),
    ];
}

impl TryFrom<Option<String>> for LossReduction {
    type Error = String;

    fn try_from(name: Option<String>) -> Result<Self, String> {
        let name = name.as_deref().unwrap_or("none");
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(reduction, _)| *reduction).ok_or_else(|| {
            let names = Self::NAMES.map(|(_, name)| name).join(", ");
            format!("reduction: expected one of {names}, received `{name}`")
        })
    }
}

impl From<LossReduction> for &'static str {
    fn from(reduction: LossReduction) -> Self {
        let found = LossReduction::NAMES.iter().find(|(known, _)| *known == reduction);
        found.expect("every reduction has its name").1
    }
}

/// What says how much each value counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weights<'a> {
    /// Whether a value counts at all: bool, of the values' shape or without their last axis.
    pub mask: Option<&'a Tensor>,
    /// What a value is multiplied by: of the values' shape, or one a sample.
    pub sample_weight: Option<&'a Tensor>,
}

/// Values of samples to the one number that is trained.
///
/// Where a mask is given, means divide by the number of values that count.
///
/// # Shapes
/// `values: [N, …]`, result `[]` (for [`LossReduction::None`] the shape of `values`).
///
/// # Errors
/// When a weight's shape does not broadcast with the values'.
///
/// Source: Keras 3.15 `reduce_weighted_values`.
pub fn reduce(values: &Tensor, weights: Weights<'_>, reduction: LossReduction) -> Result<Tensor> {
    let values = precise(values);
    let weight = combine(weights, reduction, values.dtype())?;
    let values = match &weight {
        Some(weight) => {
            let (values, weight) = same_rank(&values, weight)?;
            values * weight
        }
        None => values,
    };
    let values = values.checked()?;
    if reduction == LossReduction::None || values.rank() == 0 {
        return Ok(values);
    }
    let total = sum(&values, None, false);
    let reduced = match (reduction, &weight) {
        (LossReduction::Sum, _) => total,
        (LossReduction::MeanWithSampleWeight, Some(weight)) => {
            divide_no_nan(&total, &sum(weight, None, false))
        }
        _ => divide_no_nan(&total, &size(&values)),
    };
    Ok(reduced.checked()?)
}

/// Mask and sample weights as one weight.
fn combine(weights: Weights<'_>, reduction: LossReduction, dtype: DType) -> Result<Option<Tensor>> {
    let sample_weight = weights.sample_weight.map(|weight| cast(weight, dtype));
    let Some(mask) = weights.mask else { return Ok(sample_weight) };
    let counted = cast(&cast(mask, DType::Bool), dtype);
    let mask = match reduction {
        LossReduction::Mean | LossReduction::SumOverBatchSize => {
            let scale = divide_no_nan(&size(&counted), &sum(&counted, None, false));
            counted * scale
        }
        _ => counted,
    };
    match sample_weight {
        None => Ok(Some(mask)),
        Some(weight) => {
            let (mask, weight) = same_rank(&mask, &weight)?;
            Ok(Some((weight * mask).checked()?))
        }
    }
}

/// The number of elements in this run, as a scalar of the tensor's element type.
pub(crate) fn size(x: &Tensor) -> Tensor {
    let sizes = (0..x.rank()).map(|axis| cast(&dimension(x, axis), x.dtype()));
    sizes.reduce(|a, b| a * b).unwrap_or_else(|| x.scalar_like(1.0))
}

/// a / b, and 0 where b is 0; safe to differentiate for divisors that are not negative.
pub(crate) fn divide_no_nan(a: &Tensor, b: &Tensor) -> Tensor {
    let divides = greater(b, 0);
    select(&divides, a / where_(&divides, b, 1), 0)
}
