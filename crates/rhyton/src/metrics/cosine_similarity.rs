use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::{self, Loss as _};

/// The mean cosine of the angle between target and prediction along an axis: 1 when they point the
/// same way.
///
/// Source: Keras 3.15 `keras.metrics.CosineSimilarity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CosineSimilarity {
    /// The axis of the vectors; default the last.
    axis: isize,
    /// The key in logs; default `cosine_similarity`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "CosineSimilarity",
    module: "keras.metrics",
    aliases: &["cosine_similarity"],
    from_config: read::<CosineSimilarity>,
    cases: &["{}"],
};

metric_settings!(CosineSimilarity, "cosine_similarity"; axis: -1);

impl MeanMetric for CosineSimilarity {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((-losses::CosineSimilarity::default().axis(self.axis).call(y_true, y_pred)?)
            .checked()?)
    }
}
