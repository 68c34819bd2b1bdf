use rhyton_graph::{Tensor, cast, equal, greater};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::same_rank;

/// How often a prediction is on the side of the threshold that its target, 0 or 1, says.
///
/// Source: Keras 3.15 `keras.metrics.BinaryAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryAccuracy {
    /// The key in logs; default `binary_accuracy`.
    name: String,
    /// A prediction above it means 1; default ½.
    threshold: f64,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "BinaryAccuracy",
    module: "keras.metrics",
    aliases: &["binary_accuracy"],
    from_config: read::<BinaryAccuracy>,
    cases: &["{}", r#"{"threshold": 0.3}"#],
};

metric_settings!(BinaryAccuracy, "binary_accuracy"; threshold: 0.5);

impl MeanMetric for BinaryAccuracy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = same_rank(y_true, y_pred)?;
        let above = cast(&greater(y_pred, self.threshold), y_true.dtype());
        Ok(equal(y_true, above).checked()?)
    }
}
