use rhyton_graph::{Tensor, absolute, less_equal, mean, select, square};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, read};
use crate::Result;

/// The mean over the last axis of e² / 2 where `|e| ≤ δ`, and of δ · `|e|` − δ² / 2 beyond, with
/// e = `y_pred − y_true`.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.Huber`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Huber {
    /// δ, where the loss goes on as a straight line; default 1.
    delta: f64,
    /// The loss's name; default `huber_loss`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "Huber",
    module: "keras.losses",
    aliases: &["huber", "huber_loss"],
    from_config: read::<Huber>,
    cases: &["{}", r#"{"delta": 2.5, "reduction": "sum"}"#],
};

loss_settings!(Huber, "huber_loss", delta: 1.0);

impl Loss for Huber {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let error = y_pred - y_true;
        let size = absolute(&error);
        let line = self.delta * &size - 0.5 * self.delta * self.delta;
        let values = select(less_equal(&size, self.delta), 0.5 * square(&error), line);
        Ok(mean(&values, Some(&[-1]), false).checked()?)
    }
}
