use rhyton_graph::{Tensor, any, cast, equal, expand_dims, take};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::top_k::is_class_in_top;
use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::class_numbers;

/// How often the class that a number says is among the best k predictions.
///
/// # Shapes
/// `y_true: [N, …]` or `[N, …, 1]`, `y_pred: [N, …, classes]`.
///
/// Source: Keras 3.15 `keras.metrics.SparseTopKCategoricalAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SparseTopKCategoricalAccuracy {
    /// How many predictions count as best; default 5.
    k: usize,
    /// Whether predictions are class numbers already, the best first; default false.
    from_sorted_ids: bool,
    /// The key in logs; default `sparse_top_k_categorical_accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "SparseTopKCategoricalAccuracy",
    module: "keras.metrics",
    aliases: &["sparse_top_k_categorical_accuracy"],
    from_config: read::<SparseTopKCategoricalAccuracy>,
    cases: &["{}", r#"{"k": 2}"#, r#"{"k": 3, "from_sorted_ids": true}"#],
};

metric_settings!(
    SparseTopKCategoricalAccuracy, "sparse_top_k_categorical_accuracy";
    k: 5, from_sorted_ids: false
);

impl MeanMetric for SparseTopKCategoricalAccuracy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        if !self.from_sorted_ids {
            return is_class_in_top(&self.name, y_true, y_pred, self.k);
        }
        let (labels, given) = class_numbers(&self.name, y_true, y_pred)?;
        let first: Vec<i32> = (0..self.k.min(given) as i32).collect();
        let first = y_pred.constant(Array::from_slice(&[first.len()], &first)?);
        let best = cast(&take(y_pred, &first, y_pred.rank() - 1), labels.dtype());
        let hits = equal(expand_dims(&labels, -1), best);
        Ok(any(&hits, Some(&[-1]), false).checked()?)
    }
}
