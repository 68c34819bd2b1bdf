use rhyton_graph::{Tensor, log, mean};

use super::Loss;
use super::probabilities::EPSILON;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// The mean of `y_pred − y_true · ln(y_pred + 1e-7)` over the last axis: how unlikely counts are
    /// under Poisson distributions with these means.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.Poisson`.
    Poisson {
        class_name: "Poisson",
        name: "poisson",
        aliases: &["poisson"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for Poisson {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let values = &y_pred - y_true * log(&y_pred + EPSILON);
        Ok(mean(&values, Some(&[-1]), false).checked()?)
    }
}
