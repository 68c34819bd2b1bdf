use rhyton_graph::{Tensor, cast, equal};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::same_rank;

/// How often predictions equal targets exactly, place by place.
///
/// Source: Keras 3.15 `keras.metrics.Accuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Accuracy {
    /// The key in logs; default `accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "Accuracy",
    module: "keras.metrics",
    aliases: &["accuracy"],
    from_config: read::<Accuracy>,
    cases: &["{}"],
};

metric_settings!(Accuracy, "accuracy");

impl MeanMetric for Accuracy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = same_rank(&cast(y_true, y_pred.dtype()), y_pred)?;
        Ok(equal(y_true, y_pred).checked()?)
    }
}
