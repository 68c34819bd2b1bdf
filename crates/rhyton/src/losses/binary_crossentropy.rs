use std::sync::Arc;

use rhyton_graph::{Tensor, log, mean, softplus};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::probabilities::{IGNORED, check_smoothing, clip, without_function};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, ProbabilityOf};
use crate::Result;
use crate::objects::{changed_config, from_config};

/// The mean of −(t · ln p + (1 − t) · ln(1 − p)) over an axis.
///
/// From logits x it is softplus(x) − x · t, which does not saturate; a model that ends in a sigmoid
/// is trained on that. Probabilities given as such are kept 1e-7 from 0 and 1.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.BinaryCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards ½, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the mean; default the last.
    axis: isize,
    /// The loss's name; default `binary_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "BinaryCrossentropy",
    module: "keras.losses",
    aliases: &["binary_crossentropy", "bce", "BCE"],
    from_config: |config| {
        let config = without_function(config);
        let read = from_config::<BinaryCrossentropy>("BinaryCrossentropy", config, IGNORED)?;
        check_smoothing("BinaryCrossentropy", read.label_smoothing)?;
        Ok(Arc::new(read))
    },
    cases: &["{}", r#"{"from_logits": true}"#, r#"{"label_smoothing": 0.2, "reduction": "sum"}"#],
};

impl Default for BinaryCrossentropy {
    fn default() -> Self {
        Self {
            from_logits: false,
            label_smoothing: 0.0,
            axis: -1,
            name: "binary_crossentropy".to_owned(),
            reduction: LossReduction::default(),
        }
    }
}

impl BinaryCrossentropy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Result<Tensor> {
        check_smoothing(&self.name, self.label_smoothing)?;
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let y_true = match self.label_smoothing {
            0.0 => y_true,
            smoothing => y_true * (1.0 - smoothing) + 0.5 * smoothing,
        };
        let values = if are_logits {
            softplus(&y_pred) - &y_pred * &y_true
        } else {
            let p = clip(&y_pred);
            -(&y_true * log(&p) + (1.0 - &y_true) * log(1.0 - &p))
        };
        Ok(mean(&values, Some(&[self.axis]), false).checked()?)
    }
}

impl Loss for BinaryCrossentropy {
    fn spec(&self) -> &'static LossSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn reduction(&self) -> LossReduction {
        self.reduction
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
        (activation == ProbabilityOf::Sigmoid).then(|| self.values(y_true, logits, true))
    }
}
