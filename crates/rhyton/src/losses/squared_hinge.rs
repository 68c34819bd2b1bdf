use rhyton_graph::{Tensor, mean, square};

use super::Loss;
use super::hinge::margins;
use crate::Result;

plain_loss! {
    /// The mean of `max(1 − y_true · y_pred, 0)²` over the last axis, for targets −1 or 1. Where all
    /// targets of a batch are 0 or 1, a 0 means −1.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.SquaredHinge`.
    SquaredHinge {
        class_name: "SquaredHinge",
        name: "squared_hinge",
        aliases: &["squared_hinge"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for SquaredHinge {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let margins = margins(&self.name, y_true, y_pred)?;
        Ok(mean(&square(margins), Some(&[-1]), false).checked()?)
    }
}
