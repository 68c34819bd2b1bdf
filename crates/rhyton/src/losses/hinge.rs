use rhyton_graph::{Tensor, all, equal, logical_or, maximum, mean, select};

use super::Loss;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// The mean of `max(1 − y_true · y_pred, 0)` over the last axis, for targets −1 or 1. Where all
    /// targets of a batch are 0 or 1, a 0 means −1.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.Hinge`.
    Hinge {
        class_name: "Hinge",
        name: "hinge",
        aliases: &["hinge"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for Hinge {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(mean(&margins(&self.name, y_true, y_pred)?, Some(&[-1]), false).checked()?)
    }
}

/// `max(1 − y_true · y_pred, 0)` with targets −1 or 1, made of 0 or 1 if all are that.
pub(super) fn margins(loss: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    let (y_true, y_pred) = pair(loss, y_true, y_pred)?;
    let is_binary = all(&logical_or(&equal(&y_true, 0), &equal(&y_true, 1)), None, false);
    let y_true = select(is_binary, 2.0 * &y_true - 1.0, &y_true);
    Ok(maximum(1.0 - y_true * y_pred, 0.0).checked()?)
}
