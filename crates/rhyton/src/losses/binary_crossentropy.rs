use rhyton_graph::{Tensor, log, mean, softplus};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::probabilities::{check_smoothing, clip, smooth_binary};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, ProbabilityOf, read};
use crate::Result;

/// The mean of −(t · ln p + (1 − t) · ln(1 − p)) over an axis.
///
/// From logits x it is softplus(x) − x · t, which does not saturate; a model that ends in a sigmoid
/// is trained on that. Probabilities given as such are kept 1e-7 from 0 and 1.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.BinaryCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards ½, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the mean; default the last.
    axis: isize,
    /// The loss's name; default `binary_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "BinaryCrossentropy",
    module: "keras.losses",
    aliases: &["binary_crossentropy", "bce", "BCE"],
    from_config: read::<BinaryCrossentropy>,
    cases: &["{}", r#"{"from_logits": true}"#, r#"{"label_smoothing": 0.2, "reduction": "sum"}"#],
};

loss_settings!(
    BinaryCrossentropy,
    "binary_crossentropy",
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1
);

impl BinaryCrossentropy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let y_true = smooth_binary(&y_true, self.label_smoothing);
        let values = crossentropy(&y_true, &y_pred, are_logits);
        Ok(mean(&values, Some(&[self.axis]), false).checked()?)
    }
}

impl Loss for BinaryCrossentropy {
    fn validate(&self) -> Result<()> {
        check_smoothing("BinaryCrossentropy", self.label_smoothing)
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.values(y_true, y_pred, self.from_logits)
    }

    fn call_logits(
        &self,
        y_true: &Tensor,
        logits: &Tensor,
        activation: ProbabilityOf,
    ) -> Option<Result<Tensor>> {
        (activation == ProbabilityOf::Sigmoid).then(|| self.values(y_true, logits, true))
    }
}

/// −(t · ln p + (1 − t) · ln(1 − p)) of each element, from probabilities or from logits.
pub(super) fn crossentropy(y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Tensor {
    if are_logits {
        return softplus(y_pred) - y_pred * y_true;
    }
    let p = clip(y_pred);
    -(y_true * log(&p) + (1.0 - y_true) * log(1.0 - &p))
}
