use rhyton_graph::{Tensor, argmax, equal};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::top_k::one_hot_targets;
use super::{MeanMetric, MetricSpec, read};
use crate::Result;

/// How often the largest prediction is at the place of the largest target.
///
/// Source: Keras 3.15 `keras.metrics.CategoricalAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalAccuracy {
    /// The key in logs; default `categorical_accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "CategoricalAccuracy",
    module: "keras.metrics",
    aliases: &["categorical_accuracy"],
    from_config: read::<CategoricalAccuracy>,
    cases: &["{}"],
};

metric_settings!(CategoricalAccuracy, "categorical_accuracy");

impl MeanMetric for CategoricalAccuracy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        one_hot_targets(&self.name, y_true, y_pred)?;
        let matches = equal(argmax(y_true, -1), argmax(y_pred, -1));
        Ok(matches.checked()?)
    }
}
