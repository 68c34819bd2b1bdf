use rhyton_graph::{
    Iota, Shape, Tensor, equal, expand_dims, greater_equal, less, log, log_softmax, logical_and,
    not_equal, select, sum,
};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::probabilities::{clip, is_last};
use super::ranks::{class_numbers, precise};
use super::{Loss, LossReduction, LossSpec, ProbabilityOf, Target, read};
use crate::{Error, Result};

/// −ln p of the true class, for targets that are class numbers.
///
/// From logits it is −`log_softmax` at the class, which does not saturate; a model that ends in a
/// softmax is trained on that. Probabilities given as such are kept 1e-7 from 0 and 1 and then
/// divided by their sum, as Keras on TensorFlow does. A class number outside 0 … classes − 1 gives
/// NaN.
///
/// # Shapes
/// `y_true: [N, …]` or `[N, …, 1]`, `y_pred: [N, …, classes]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.SparseCategoricalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SparseCategoricalCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// A class number whose places do not count: their value is 0 and means leave them out;
    /// default none.
    ignore_class: Option<i64>,
    /// The axis of the classes, which must be the last; default that.
    axis: isize,
    /// The loss's name; default `sparse_categorical_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "SparseCategoricalCrossentropy",
    module: "keras.losses",
    aliases: &["sparse_categorical_crossentropy"],
    from_config: read::<SparseCategoricalCrossentropy>,
    cases: &[
        "{}",
        r#"{"from_logits": true}"#,
        r#"{"from_logits": true, "ignore_class": 1}"#,
        r#"{"ignore_class": 0, "reduction": "sum"}"#,
    ],
};

loss_settings!(
    SparseCategoricalCrossentropy,
    "sparse_categorical_crossentropy",
    from_logits: false,
    ignore_class: None,
    axis: -1
);

impl SparseCategoricalCrossentropy {
    /// The class numbers, of the prediction's shape without its last axis, and their count.
    fn labels(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, usize)> {
        if !is_last(self.axis, y_pred) {
            return Err(Error::config(&self.name, "axis", "-1, the last axis", self.axis));
        }
        class_numbers(&self.name, y_true, y_pred)
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Result<Tensor> {
        let y_pred = precise(y_pred);
        let (labels, classes) = self.labels(y_true, &y_pred)?;
        let logits = if are_logits { y_pred } else { log(clip(&y_pred)) };
        let line = Iota { shape: Shape::fixed(&[classes]), axis: 0, dtype: labels.dtype() };
        let is_class = equal(expand_dims(&labels, -1), labels.leaf(line));
        // A choice and not a product: a class with probability 0 must not make 0 · ∞.
        let chosen = select(&is_class, log_softmax(&logits, -1), 0);
        let values = -sum(&chosen, Some(&[-1]), false);
        let known = logical_and(&greater_equal(&labels, 0), &less(&labels, classes as i64));
        let values = select(&known, &values, f64::NAN);
        let values = match self.ignore_class {
            Some(class) => select(not_equal(&labels, class), &values, 0),
            None => values,
        };
        Ok(values.checked()?)
    }
}

impl Loss for SparseCategoricalCrossentropy {
    fn target(&self) -> Target {
        Target::Labels
    }

    fn ignored_class(&self) -> Option<i64> {
        self.ignore_class
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.values(y_true, y_pred, self.from_logits)
    }

    fn call_logits(
        &self,
        y_true: &Tensor,
        logits: &Tensor,
        activation: ProbabilityOf,
    ) -> Option<Result<Tensor>> {
        (activation == ProbabilityOf::Softmax).then(|| self.values(y_true, logits, true))
    }

    fn mask(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Option<Tensor>> {
        let Some(class) = self.ignore_class else { return Ok(None) };
        let (labels, _) = self.labels(y_true, y_pred)?;
        Ok(Some(not_equal(&labels, class).checked()?))
    }
}
