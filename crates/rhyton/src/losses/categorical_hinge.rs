use rhyton_graph::{Tensor, max, maximum, sum};

use super::Loss;
use super::ranks::pair;
use crate::Result;

plain_loss! {
    /// `max(1 + max((1 − t) · p) − Σ t · p, 0)` over the last axis: by how much the score of the
    /// true class fails to lead all others by 1.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, classes]`, targets 0 or 1, values `[N, …]`.
    ///
    /// Source: Keras 3.15 `keras.losses.CategoricalHinge`.
    CategoricalHinge {
        class_name: "CategoricalHinge",
        name: "categorical_hinge",
        aliases: &["categorical_hinge"],
        cases: &["{}", r#"{"reduction": "sum"}"#],
    }
}

impl Loss for CategoricalHinge {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let own = sum(&(&y_true * &y_pred), Some(&[-1]), false);
        let others = max(&((1.0 - y_true) * y_pred), Some(&[-1]), false);
        Ok(maximum(others - own + 1.0, 0.0).checked()?)
    }
}
