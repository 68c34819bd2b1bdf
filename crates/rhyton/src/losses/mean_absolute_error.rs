use std::sync::Arc;

use rhyton_graph::{Tensor, absolute, mean};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::probabilities::{IGNORED, without_function};
use super::ranks::pair;
use super::{Loss, LossReduction, LossSpec};
use crate::Result;
use crate::objects::{changed_config, from_config};

/// The mean of `|y_true − y_pred|` over the last axis.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`, values `[N, …]`.
///
/// Source: Keras 3.15 `keras.losses.MeanAbsoluteError`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct MeanAbsoluteError {
    /// The loss's name; default `mean_absolute_error`.
    name: String,
    /// How samples become one number.
    reduction: LossReduction,
}

pub(super) static SPEC: LossSpec = LossSpec {
    class_name: "MeanAbsoluteError",
    module: "keras.losses",
    aliases: &["mean_absolute_error", "mae", "MAE"],
    from_config: |config| {
        let config = without_function(config);
        Ok(Arc::new(from_config::<MeanAbsoluteError>("MeanAbsoluteError", config, IGNORED)?))
    },
    cases: &["{}", r#"{"reduction": "sum"}"#],
};

impl Default for MeanAbsoluteError {
    fn default() -> Self {
        let name = "mean_absolute_error".to_owned();
        Self { name, reduction: LossReduction::default() }
    }
}

impl Loss for MeanAbsoluteError {
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
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        Ok(mean(&absolute(y_true - y_pred), Some(&[-1]), false).checked()?)
    }
}
