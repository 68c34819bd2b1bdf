use std::sync::Arc;

use rhyton_graph::{Tensor, cast, dimension, log, log_softmax, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::probabilities::{IGNORED, check_smoothing, clip, is_last, without_function};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec, ProbabilityOf};
use crate::Result;
use crate::objects::{changed_config, from_config};

/// −Σ t · ln p over the classes, for targets that are rows of probabilities (one-hot or soft).
///
/// From logits it is −Σ t · `log_softmax`, which does not saturate; a model that ends in a softmax is
/// trained on that. Probabilities given as such are divided by their sum and kept 1e-7 from 0
/// and 1.
///
/// # Shapes
/// `y_true, y_pred: [N, …, classes]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.CategoricalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards 1 / classes, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the classes; default the last.
    axis: isize,
    /// The loss's name; default `categorical_crossentropy`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "CategoricalCrossentropy",
    module: "keras.losses",
    aliases: &["categorical_crossentropy"],
    from_config: |config| {
        let name = "CategoricalCrossentropy";
        let config = without_function(config);
        let read = from_config::<CategoricalCrossentropy>(name, config, IGNORED)?;
        check_smoothing(name, read.label_smoothing)?;
        Ok(Arc::new(read))
    },
    cases: &["{}", r#"{"from_logits": true}"#, r#"{"label_smoothing": 0.1, "reduction": "sum"}"#],
};

impl Default for CategoricalCrossentropy {
    fn default() -> Self {
        Self {
            from_logits: false,
            label_smoothing: 0.0,
            axis: -1,
            name: "categorical_crossentropy".to_owned(),
            reduction: LossReduction::default(),
        }
    }
}

impl CategoricalCrossentropy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor, are_logits: bool) -> Result<Tensor> {
        check_smoothing(&self.name, self.label_smoothing)?;
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let axis = y_pred.shape().axis(&self.name, self.axis)? as isize;
        let y_true = match self.label_smoothing {
            0.0 => y_true,
            smoothing => {
                // Keras counts the classes on the last axis, whatever `axis` says.
                let classes = cast(&dimension(&y_true, y_true.rank() - 1), y_true.dtype());
                y_true * (1.0 - smoothing) + smoothing / classes
            }
        };
        let logarithms = if are_logits {
            log_softmax(&y_pred, axis)
        } else {
            log(clip(&(&y_pred / sum(&y_pred, Some(&[axis]), true))))
        };
        Ok((-sum(&(y_true * logarithms), Some(&[axis]), false)).checked()?)
    }
}

impl Loss for CategoricalCrossentropy {
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
        let fits = activation == ProbabilityOf::Softmax && is_last(self.axis, logits);
        fits.then(|| self.values(y_true, logits, true))
    }
}
