use rhyton_graph::{Tensor, log, log_softmax, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::probabilities::{check_smoothing, clip, is_last, smooth_categorical};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, ProbabilityOf, read};
use crate::Result;

/// −Σ t · ln p over the classes, for targets that are rows of probabilities (one-hot or soft).
///
/// From logits it is −Σ t · `log_softmax`, which does not saturate; a model that ends in a softmax is
/// trained on that. Probabilities given as such are divided by their sum and kept 1e-7 from 0
/// and 1.
///
/// # Shapes
/// `y_true, y_pred: [N, …, classes]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.CategoricalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards 1 / classes, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the classes; default the last.
    axis: isize,
    /// The loss's name; default `categorical_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "CategoricalCrossentropy",
    module: "keras.losses",
    aliases: &["categorical_crossentropy"],
    from_config: read::<CategoricalCrossentropy>,
    cases: &["{}", r#"{"from_logits": true}"#, r#"{"label_smoothing": 0.1, "reduction": "sum"}"#],
};

loss_settings!(
    CategoricalCrossentropy,
    "categorical_crossentropy",
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1
);

impl CategoricalCrossentropy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let axis = y_pred.shape().axis(&self.name, self.axis)? as isize;
        let y_true = smooth_categorical(&y_true, self.label_smoothing);
        let logarithms = if are_logits {
            log_softmax(&y_pred, axis)
        } else {
            log(clip(&(&y_pred / sum(&y_pred, Some(&[axis]), true))))
        };
        Ok((-sum(&(y_true * logarithms), Some(&[axis]), false)).checked()?)
    }
}

impl Loss for CategoricalCrossentropy {
    fn validate(&self) -> Result<()> {
        check_smoothing("CategoricalCrossentropy", self.label_smoothing)
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
        let fits = activation == ProbabilityOf::Softmax && is_last(self.axis, logits);
        fits.then(|| self.values(y_true, logits, true))
    }
}
