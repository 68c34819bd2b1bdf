use rhyton_graph::{Tensor, absolute, mean};

use super::Loss;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// The mean of `|y_true − y_pred|` over the last axis.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.MeanAbsoluteError`.
    MeanAbsoluteError {
        class_name: "MeanAbsoluteError",
        name: "mean_absolute_error",
        aliases: &["mean_absolute_error", "mae", "MAE"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for MeanAbsoluteError {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        Ok(mean(&absolute(y_true - y_pred), Some(&[-1]), false).checked()?)
    }
}
