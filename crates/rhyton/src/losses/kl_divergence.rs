use rhyton_graph::{Tensor, clip, log, sum};

use super::Loss;
use super::probabilities::EPSILON;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// Σ t · ln(t / p) over the last axis, both kept in [1e-7, 1].
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, classes]`, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.KLDivergence`.
    KLDivergence {
        class_name: "KLDivergence",
        name: "kl_divergence",
        aliases: &["kl_divergence", "kld", "KLD", "kullback_leibler_divergence"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for KLDivergence {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let (y_true, y_pred) = (clip(&y_true, EPSILON, 1.0), clip(&y_pred, EPSILON, 1.0));
        let values = &y_true * log(&y_true / y_pred);
        Ok(sum(&values, Some(&[-1]), false).checked()?)
    }
}
