use rhyton_graph::{Tensor, log, maximum, mean, square};

use super::Loss;
use super::probabilities::EPSILON;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// The mean of `(ln(1 + y_true) − ln(1 + y_pred))²` over the last axis; values below 1e-7 count
    /// as that.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.MeanSquaredLogarithmicError`.
    MeanSquaredLogarithmicError {
        class_name: "MeanSquaredLogarithmicError",
        name: "mean_squared_logarithmic_error",
        aliases: &["mean_squared_logarithmic_error", "msle", "MSLE"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for MeanSquaredLogarithmicError {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let logarithm = |x: Tensor| log(maximum(x, EPSILON) + 1.0);
        Ok(mean(&square(logarithm(y_pred) - logarithm(y_true)), Some(&[-1]), false).checked()?)
    }
}
