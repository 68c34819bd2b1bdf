use rhyton_graph::{Tensor, mean, square};

use super::Loss;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// The mean of `(y_true − y_pred)²` over the last axis.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.MeanSquaredError`.
    MeanSquaredError {
        class_name: "MeanSquaredError",
        name: "mean_squared_error",
        aliases: &["mean_squared_error", "mse", "MSE"],
        cases: &["{}", r#"{"reduction": "sum"}"#, r#"{"reduction": "mean_with_sample_weight"}"#],
    }
}

impl Loss for MeanSquaredError {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        Ok(mean(&square(y_true - y_pred), Some(&[-1]), false).checked()?)
    }
}
