use std::sync::Arc;

use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;
use crate::losses::{self, Loss as _};
use crate::objects::{changed_config, from_config};

/// The mean of `|y_true − y_pred|`.
///
/// Source: Keras 3.15 `keras.metrics.MeanAbsoluteError`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct MeanAbsoluteError {
    /// The key in logs; default `mean_absolute_error`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "MeanAbsoluteError",
    module: "keras.metrics",
    aliases: &["mean_absolute_error", "mae", "MAE"],
    from_config: |config| {
        Ok(Arc::new(from_config::<MeanAbsoluteError>("MeanAbsoluteError", config, &["dtype"])?))
    },
    cases: &["{}"],
};

impl Default for MeanAbsoluteError {
    fn default() -> Self {
        Self { name: "mean_absolute_error".to_owned() }
    }
}

impl Metric for MeanAbsoluteError {
    fn spec(&self) -> &'static MetricSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let values = losses::MeanAbsoluteError::default().call(y_true, y_pred)?;
        accumulate_mean(states, &values, sample_weight)
    }
}
