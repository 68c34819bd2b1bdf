use rhyton_graph::{Tensor, absolute, maximum, mean};

use super::Loss;
use super::probabilities::EPSILON;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// 100 times the mean of `|y_true − y_pred| / max(|y_true|, 1e-7)` over the last axis.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.MeanAbsolutePercentageError`.
    MeanAbsolutePercentageError {
        class_name: "MeanAbsolutePercentageError",
        name: "mean_absolute_percentage_error",
        aliases: &["mean_absolute_percentage_error", "mape", "MAPE"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for MeanAbsolutePercentageError {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let shares = absolute((&y_true - y_pred) / maximum(absolute(&y_true), EPSILON));
        let values: Tensor = 100.0 * mean(&shares, Some(&[-1]), false);
        Ok(values.checked()?)
    }
}
