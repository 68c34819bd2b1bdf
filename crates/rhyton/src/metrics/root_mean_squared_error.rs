use rhyton_graph::{Tensor, square};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::{Metric, MetricSpec, MetricValue, accumulate_mean, mean_result, read};
use crate::Result;
use crate::losses::pair;

/// The root of the mean of `(y_true − y_pred)²`, over all samples so far.
///
/// Source: Keras 3.15 `keras.metrics.RootMeanSquaredError`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct RootMeanSquaredError {
    /// The key in logs; default `root_mean_squared_error`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "RootMeanSquaredError",
    module: "keras.metrics",
    aliases: &["root_mean_squared_error"],
    from_config: read::<RootMeanSquaredError>,
    cases: &["{}"],
};

metric_settings!(RootMeanSquaredError, "root_mean_squared_error");

impl Metric for RootMeanSquaredError {
    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        accumulate_mean(states, &square(y_pred - y_true), sample_weight)
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        MetricValue::Number(mean_result(states).sqrt())
    }
}
