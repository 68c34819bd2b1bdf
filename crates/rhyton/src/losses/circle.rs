use rhyton_graph::{
    Dim, Iota, Shape, Tensor, cast, equal, exp, expand_dims, greater, log, logical_and,
    logical_not, matmul, max, maximum, not_equal, select, softplus, squeeze, stop_gradient, sum,
    transpose,
};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::ranks::precise;
use super::{Loss, LossReduction, LossSpec, Target, read};
use crate::Result;

/// Softplus of ln Σ e^(weighted distances to samples of the same class) + ln Σ e^(weighted nearness
/// to samples of other classes), over the pairs of a batch: rows of the same class are drawn
/// together, others apart.
///
/// Predictions are rows of length 1. Samples without a partner of their class, or without one of
/// another, have the value 0, and means leave them out.
///
/// # Shapes
/// `y_true: [N]` or `[N, 1]` class numbers, `y_pred: [N, d]`, values `[N]`.
///
/// Source: Keras 3.15 `keras.losses.Circle`; Sun et al. 2020, arXiv:2002.10857.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Circle {
    /// The scale of all values; default 80.
    gamma: f64,
    /// How much nearness counts as near; default 0.4.
    margin: f64,
    /// Whether a sample is no partner of itself; default true.
    remove_diagonal: bool,
    /// The loss's name; default `circle`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "Circle",
    module: "keras.losses",
    aliases: &["circle"],
    from_config: read::<Circle>,
    cases: &[
        "{}",
        r#"{"gamma": 8.0, "margin": 0.25, "reduction": "sum"}"#,
        r#"{"gamma": 2.0, "remove_diagonal": false}"#,
    ],
};

loss_settings!(Circle, "circle", gamma: 80.0, margin: 0.4, remove_diagonal: true);

impl Loss for Circle {
    fn target(&self) -> Target {
        Target::Groups
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y_pred = precise(y_pred);
        let (same, other) = self.partners(y_true)?;
        let distances = maximum(1.0 - matmul(&y_pred, &transpose(&y_pred, &[1, 0])), 0.0);
        let same_weights = maximum(&distances + self.margin, 0.0);
        let near = -self.gamma * same_weights * (self.margin - &distances);
        let other_weights = maximum(1.0 + self.margin - &distances, 0.0);
        let far = self.gamma * other_weights * (1.0 - self.margin - &distances);
        let (near, has_same) = logsumexp_where(&same, &near);
        let (far, has_other) = logsumexp_where(&other, &far);
        let both = logical_and(&has_same, &has_other);
        Ok(softplus(select(both, near + far, f64::NEG_INFINITY)).checked()?)
    }

    fn mask(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(greater(self.call(y_true, y_pred)?, 0).checked()?))
    }
}

impl Circle {
    /// Which pairs of samples are of one class, and which are not: bool `[N, N]`.
    fn partners(&self, y_true: &Tensor) -> Result<(Tensor, Tensor)> {
        let ends_in_one = y_true.rank() == 2 && y_true.shape().last() == Some(&Dim::ONE);
        let labels = if ends_in_one { squeeze(y_true, -1) } else { y_true.clone() };
        if labels.rank() != 1 {
            let expected = "class numbers of shape [N] or [N, 1]";
            let error = rhyton_graph::Error::shape(&self.name, "y_true", expected, y_true.shape());
            return Err(error.into());
        }
        let labels = cast(&labels, DType::I32);
        let of_all = |x: &Tensor, axis| expand_dims(x, axis);
        let same = equal(of_all(&labels, 1), of_all(&labels, 0)).checked()?;
        let other = logical_not(&same);
        if !self.remove_diagonal {
            return Ok((same, other));
        }
        let shape = Shape::from(labels.shape().to_vec());
        let line = labels.leaf(Iota { shape, axis: 0, dtype: DType::I32 });
        let another = not_equal(of_all(&line, 1), of_all(&line, 0));
        Ok((logical_and(&same, &another).checked()?, other))
    }
}

/// ln Σ eˣ over the last axis, of those that a condition holds for, and whether it holds for any.
fn logsumexp_where(condition: &Tensor, x: &Tensor) -> (Tensor, Tensor) {
    let has_any = rhyton_graph::any(condition, Some(&[-1]), false);
    let top = max(&select(condition, x, f64::NEG_INFINITY), Some(&[-1]), false);
    let top = stop_gradient(&select(&has_any, top, 0));
    let below = select(condition, x - expand_dims(&top, -1), f64::NEG_INFINITY);
    let total = sum(&exp(below), Some(&[-1]), false);
    (log(select(&has_any, total, 1)) + top, has_any)
}
