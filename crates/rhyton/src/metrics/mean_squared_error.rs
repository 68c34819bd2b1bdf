use std::sync::Arc;

use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;
use crate::losses::{self, Loss as _};
use crate::objects::{changed_config, from_config};

/// The mean of `(y_true − y_pred)²`.
///
/// Source: Keras 3.15 `keras.metrics.MeanSquaredError`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct MeanSquaredError {
    /// The key in logs; default `mean_squared_error`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "MeanSquaredError",
    module: "keras.metrics",
    aliases: &["mean_squared_error", "mse", "MSE"],
    from_config: |config| {
        Ok(Arc::new(from_config::<MeanSquaredError>("MeanSquaredError", config, &["dtype"])?))
    },
    cases: &["{}"],
};

impl Default for MeanSquaredError {
    fn default() -> Self {
        Self { name: "mean_squared_error".to_owned() }
    }
}

impl Metric for MeanSquaredError {
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
        let values = losses::MeanSquaredError::default().call(y_true, y_pred)?;
        accumulate_mean(states, &values, sample_weight)
    }
}
