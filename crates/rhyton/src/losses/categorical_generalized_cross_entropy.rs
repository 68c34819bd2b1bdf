use rhyton_graph::{Tensor, one_hot, power, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ranks::{class_numbers, precise};
use super::{Loss, LossReduction, LossSpec, Target, read};
use crate::{Error, Result};

/// (1 − p^q) / q, where p is the probability of the true class: less led astray by wrong labels
/// than crossentropy, for targets that are class numbers.
///
/// A class number outside 0 … classes − 1 counts as a probability of 0.
///
/// # Shapes
/// `y_true: [N, …]` or `[N, …, 1]`, `y_pred: [N, …, classes]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.CategoricalGeneralizedCrossEntropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalGeneralizedCrossEntropy {
    /// q, between crossentropy (towards 0) and the absolute error (towards 1); default ½.
    q: f64,
    /// The loss's name; default `categorical_generalized_cross_entropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "CategoricalGeneralizedCrossEntropy",
    module: "keras.losses",
    aliases: &["categorical_generalized_cross_entropy"],
    from_config: read::<CategoricalGeneralizedCrossEntropy>,
    cases: &["{}", r#"{"q": 0.7, "reduction": "sum"}"#],
};

loss_settings!(
    CategoricalGeneralizedCrossEntropy,
    "categorical_generalized_cross_entropy",
    q: 0.5
);

impl Loss for CategoricalGeneralizedCrossEntropy {
    fn validate(&self) -> Result<()> {
        if 0.0 < self.q && self.q < 1.0 {
            return Ok(());
        }
        let class = "CategoricalGeneralizedCrossEntropy";
        Err(Error::config(class, "q", "a number between 0 and 1", self.q))
    }

    fn target(&self) -> Target {
        Target::Labels
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y_pred = precise(y_pred);
        let (labels, classes) = class_numbers(&self.name, y_true, &y_pred)?;
        let is_class = one_hot(&labels, classes, y_pred.dtype());
        let p = sum(&(y_pred * is_class), Some(&[-1]), false);
        let values: Tensor = (1.0 - power(p, self.q)) / self.q;
        Ok(values.checked()?)
    }
}
