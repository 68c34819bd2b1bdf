use rhyton_graph::{Dim, Tensor, argmax, equal, squeeze};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;

/// How often the largest prediction is at the place that the class number says.
///
/// # Shapes
/// `y_true: [N, …]` or `[N, …, 1]`, `y_pred: [N, …, classes]`.
///
/// Source: Keras 3.15 `keras.metrics.SparseCategoricalAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SparseCategoricalAccuracy {
    /// The key in logs; default `sparse_categorical_accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "SparseCategoricalAccuracy",
    module: "keras.metrics",
    aliases: &["sparse_categorical_accuracy"],
    from_config: read::<SparseCategoricalAccuracy>,
    cases: &["{}"],
};

metric_settings!(SparseCategoricalAccuracy, "sparse_categorical_accuracy");

impl MeanMetric for SparseCategoricalAccuracy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let ends_in_one = y_true.shape().last() == Some(&Dim::ONE);
        let labels = if y_true.rank() == y_pred.rank() && ends_in_one {
            squeeze(y_true, -1)
        } else {
            y_true.clone()
        };
        Ok(equal(labels, argmax(y_pred, -1)).checked()?)
    }
}
