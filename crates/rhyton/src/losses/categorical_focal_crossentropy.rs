use rhyton_graph::{Tensor, log, power, softmax, sum};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::probabilities::{check_smoothing, clip, smooth_categorical};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, read};
use crate::objects::Numbers;
use crate::{Error, Result};

/// −Σ α · (1 − p)^γ · t · ln p over the classes: classes that are predicted well count less.
///
/// Probabilities are divided by their sum and kept 1e-7 from 0 and 1, also where they come from
/// logits or a softmax, as in Keras.
///
/// # Shapes
/// `y_true, y_pred: [N, …, classes]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.CategoricalFocalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalFocalCrossentropy {
    /// α, what values are multiplied by: one number, or one for each class; default ¼.
    alpha: Numbers<f64>,
    /// γ, how much less easy classes count; default 2.
    gamma: f64,
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards 1 / classes, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the classes; default the last.
    axis: isize,
    /// The loss's name; default `categorical_focal_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "CategoricalFocalCrossentropy",
    module: "keras.losses",
    aliases: &["categorical_focal_crossentropy"],
    from_config: read::<CategoricalFocalCrossentropy>,
    cases: &[
        "{}",
        r#"{"from_logits": true, "alpha": 0.5, "gamma": 1.5}"#,
        r#"{"label_smoothing": 0.1, "reduction": "sum"}"#,
        r#"{"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.5}"#,
    ],
};

loss_settings!(
    CategoricalFocalCrossentropy,
    "categorical_focal_crossentropy",
    alpha: Numbers::One(0.25),
    gamma: 2.0,
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1
);

impl CategoricalFocalCrossentropy {
    /// α beside tensors of the predictions' shape: a list stands along their last axis.
    fn weight_of_classes(&self, p: &Tensor) -> Result<Tensor> {
        match self.alpha.get() {
            Some([one]) => Ok(p.scalar_like(*one)),
            Some(classes) => {
                let array = Array::from_slice(&[classes.len()], classes)?;
                Ok(p.constant(array.cast(p.dtype())))
            }
            None => {
                let expected = "a number, or one for each class";
                Err(Error::config("CategoricalFocalCrossentropy", "alpha", expected, "null"))
            }
        }
    }
}

impl Loss for CategoricalFocalCrossentropy {
    fn validate(&self) -> Result<()> {
        check_smoothing("CategoricalFocalCrossentropy", self.label_smoothing)
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let axis = y_pred.shape().axis(&self.name, self.axis)? as isize;
        let y_true = smooth_categorical(&y_true, self.label_smoothing);
        let y_pred = if self.from_logits { softmax(&y_pred, axis) } else { y_pred };
        let p = clip(&(&y_pred / sum(&y_pred, Some(&[axis]), true)));
        let values =
            -y_true * log(&p) * (power(1.0 - &p, self.gamma) * self.weight_of_classes(&p)?);
        Ok(sum(&values, Some(&[axis]), false).checked()?)
    }
}
