use rhyton_graph::{Tensor, mean, softplus};

use super::Loss;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// The mean of ln cosh(`y_pred − y_true`) over the last axis: half the square near 0, the
    /// absolute value less ln 2 far from it.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.LogCosh`.
    LogCosh {
        class_name: "LogCosh",
        name: "log_cosh",
        aliases: &["log_cosh", "logcosh"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for LogCosh {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let error = y_pred - y_true;
        let values = &error + softplus(-2.0 * &error) - std::f64::consts::LN_2;
        Ok(mean(&values, Some(&[-1]), false).checked()?)
    }
}
