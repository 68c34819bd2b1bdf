use rhyton_graph::{Tensor, mean, power, sigmoid};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::binary_crossentropy::crossentropy;
use super::probabilities::{check_smoothing, smooth_binary};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, ProbabilityOf, read};
use crate::Result;

/// Binary crossentropy times (1 − p′)^γ, where p′ is the probability of what is true: easy samples
/// count less.
///
/// With `apply_class_balancing` ones count α and zeros 1 − α times. From logits the crossentropy
/// does not saturate; a model that ends in a sigmoid is trained on that.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.BinaryFocalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryFocalCrossentropy {
    /// Whether the classes are weighted by α; default false.
    apply_class_balancing: bool,
    /// α, how much ones count; default ¼.
    alpha: f64,
    /// γ, how much less easy samples count; default 2.
    gamma: f64,
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards ½, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the mean; default the last.
    axis: isize,
    /// The loss's name; default `binary_focal_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "BinaryFocalCrossentropy",
    module: "keras.losses",
    aliases: &["binary_focal_crossentropy"],
    from_config: read::<BinaryFocalCrossentropy>,
    cases: &[
        "{}",
        r#"{"from_logits": true, "gamma": 1.5}"#,
        r#"{"apply_class_balancing": true, "alpha": 0.4, "label_smoothing": 0.1}"#,
    ],
};

loss_settings!(
    BinaryFocalCrossentropy,
    "binary_focal_crossentropy",
    apply_class_balancing: false,
    alpha: 0.25,
    gamma: 2.0,
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1
);

impl BinaryFocalCrossentropy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let y_true = smooth_binary(&y_true, self.label_smoothing);
        let values = crossentropy(&y_true, &y_pred, are_logits);
        let p = if are_logits { sigmoid(&y_pred) } else { y_pred };
        let of_truth = &y_true * &p + (1.0 - &y_true) * (1.0 - &p);
        let mut values = power(1.0 - of_truth, self.gamma) * values;
        if self.apply_class_balancing {
            values = (&y_true * self.alpha + (1.0 - &y_true) * (1.0 - self.alpha)) * values;
        }
        Ok(mean(&values, Some(&[self.axis]), false).checked()?)
    }
}

impl Loss for BinaryFocalCrossentropy {
    fn validate(&self) -> Result<()> {
        check_smoothing("BinaryFocalCrossentropy", self.label_smoothing)
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
