use rhyton_graph::{Tensor, greater, minimum, rsqrt, select, square, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::probabilities::EPSILON;
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, read};
use crate::Result;

/// Minus the cosine of the angle between target and prediction along an axis: −1 when they point
/// the same way, 0 when one of them is all zeros.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.CosineSimilarity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CosineSimilarity {
    /// The axis of the vectors; default the last.
    axis: isize,
    /// The loss's name; default `cosine_similarity`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "CosineSimilarity",
    module: "keras.losses",
    aliases: &["cosine_similarity"],
    from_config: read::<CosineSimilarity>,
    cases: &["{}", r#"{"reduction": "sum"}"#],
};

loss_settings!(CosineSimilarity, "cosine_similarity", axis: -1);

impl Loss for CosineSimilarity {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let product = unit(&y_true, self.axis) * unit(&y_pred, self.axis);
        Ok((-sum(&product, Some(&[self.axis]), false)).checked()?)
    }
}

/// The vectors along an axis at length 1. A vector of zeros stays that, and has a gradient.
fn unit(x: &Tensor, axis: isize) -> Tensor {
    let squares = sum(&square(x), Some(&[axis]), true);
    let has_length = greater(&squares, 0);
    let factor = minimum(rsqrt(select(&has_length, &squares, 1)), 1.0 / EPSILON);
    x * select(&has_length, factor, 1.0 / EPSILON)
}
