use rhyton_graph::{Tensor, argmax};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::top_k::{is_class_in_top, one_hot_targets};
use super::{MeanMetric, MetricSpec, read};
use crate::Result;

/// How often the class of the largest target is among the best k predictions.
///
/// # Shapes
/// `y_true, y_pred: [N, …, classes]`.
///
/// Source: Keras 3.15 `keras.metrics.TopKCategoricalAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct TopKCategoricalAccuracy {
    /// How many predictions count as best; default 5.
    k: usize,
    /// The key in logs; default `top_k_categorical_accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "TopKCategoricalAccuracy",
    module: "keras.metrics",
    aliases: &["top_k_categorical_accuracy"],
    from_config: read::<TopKCategoricalAccuracy>,
    cases: &["{}", r#"{"k": 2}"#],
};

metric_settings!(TopKCategoricalAccuracy, "top_k_categorical_accuracy"; k: 5);

impl MeanMetric for TopKCategoricalAccuracy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        one_hot_targets(&self.name, y_true, y_pred)?;
        is_class_in_top(&self.name, &argmax(y_true, -1), y_pred, self.k)
    }
}
