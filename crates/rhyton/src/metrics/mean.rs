use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;

/// The mean of the predictions themselves; targets do not matter.
///
/// Source: Keras 3.15 `keras.metrics.Mean`, which takes no targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Mean {
    /// The key in logs; default `mean`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "Mean",
    module: "keras.metrics",
    aliases: &["mean"],
    from_config: read::<Mean>,
    cases: &["{}"],
};

metric_settings!(Mean, "mean");

impl MeanMetric for Mean {
    fn values(&self, _: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(y_pred.clone())
    }
}
