use rhyton_graph::{Tensor, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::probabilities::EPSILON;
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, read};
use crate::Result;
use crate::objects::Numbers;

/// 1 − 2 Σ t·p / (Σ t + Σ p + 1e-7): how far two regions are from covering each other.
///
/// # Shapes
/// `y_true, y_pred: [N, …]`, the value `[]`; with `axis` the axes that are not summed over.
///
/// Source: Keras 3.15 `keras.losses.Dice`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Dice {
    /// The axes of a region; default all, those of the batch too.
    axis: Numbers<isize>,
    /// The loss's name; default `dice`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "Dice",
    module: "keras.losses",
    aliases: &["dice"],
    from_config: read::<Dice>,
    cases: &["{}", r#"{"axis": 1, "reduction": "sum"}"#, r#"{"axis": [-1]}"#],
};

loss_settings!(Dice, "dice", axis: Numbers::Unset);

impl Loss for Dice {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let total = |x: &Tensor| sum(x, self.axis.get(), false);
        let both = 2.0 * total(&(&y_true * &y_pred));
        let value: Tensor = 1.0 - both / (total(&y_true) + total(&y_pred) + EPSILON);
        Ok(value.checked()?)
    }
}
