use rhyton_graph::{Tensor, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::probabilities::EPSILON;
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, read};
use crate::Result;
use crate::objects::Numbers;

/// 1 − b / (b + α · m + β · o + 1e-7), with b = Σ t·p what both regions cover, m = Σ t·(1 − p) what
/// the prediction misses and o = Σ p·(1 − t) what it covers too much: [`Dice`](super::Dice) for
/// α = β = ½.
///
/// # Shapes
/// `y_true, y_pred: [N, …]`, the value `[]`; with `axis` the axes that are not summed over.
///
/// Source: Keras 3.15 `keras.losses.Tversky`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Tversky {
    /// α, the weight of what is missed; default ½.
    alpha: f64,
    /// β, the weight of what is too much; default ½.
    beta: f64,
    /// The axes of a region; default all, those of the batch too.
    axis: Numbers<isize>,
    /// The loss's name; default `tversky`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "Tversky",
    module: "keras.losses",
    aliases: &["tversky"],
    from_config: read::<Tversky>,
    cases: &["{}", r#"{"alpha": 0.2, "beta": 0.7, "axis": 1}"#],
};

loss_settings!(Tversky, "tversky", alpha: 0.5, beta: 0.5, axis: Numbers::Unset);

impl Loss for Tversky {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let total = |x: Tensor| sum(&x, self.axis.get(), false);
        let both = total(&y_true * &y_pred);
        let missed = total((1.0 - &y_pred) * &y_true);
        let excess = total(y_pred * (1.0 - y_true));
        let all = &both + missed * self.alpha + excess * self.beta + EPSILON;
        let value: Tensor = 1.0 - both / all;
        Ok(value.checked()?)
    }
}
