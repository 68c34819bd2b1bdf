use rhyton_graph::{Spec, Tensor, greater_equal};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::confusion_matrix::ConfusionMatrix;
use super::{Metric, MetricSpec, MetricState, MetricValue, read};
use crate::Result;

/// How many places have a class in targets and predictions, divided by how many have it in
/// either: the mean over classes 0 and 1, where a
/// prediction from the threshold on means 1.
///
/// Counts are whole: weights of samples lose their fractions, as in Keras, unless `dtype` is
/// `float32`.
///
/// Source: Keras 3.15 `keras.metrics.BinaryIoU`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryIoU {
    /// The classes whose mean is taken; default 0 and 1.
    target_class_ids: Vec<usize>,
    /// The least prediction that means 1; default ½.
    threshold: f64,
    /// The element type of the counts, `int` or `float32`; default `int`.
    dtype: Option<String>,
    /// The key in logs; default `binary_io_u`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "BinaryIoU",
    module: "keras.metrics",
    aliases: &["binary_io_u"],
    from_config: read::<BinaryIoU>,
    cases: &[
        r#"{"name": "binary_io_u"}"#,
        r#"{"target_class_ids": [1], "threshold": 0.3, "dtype": "float32", "name": "overlap"}"#,
    ],
};

metric_settings!(
    BinaryIoU, "binary_io_u", always "name";
    target_class_ids: vec![0, 1], threshold: 0.5, dtype: None
);

impl BinaryIoU {
    fn matrix(&self) -> ConfusionMatrix<'_> {
        ConfusionMatrix {
            metric: &self.name,
            num_classes: 2,
            ignore_class: None,
            sparse: [true, true],
            axis: -1,
            dtype: self.dtype.as_deref(),
        }
    }
}

impl Metric for BinaryIoU {
    fn validate(&self) -> Result<()> {
        self.matrix().validate(&self.target_class_ids)
    }

    fn states(&self, _: &Spec, _: &Spec) -> Result<Vec<MetricState>> {
        Ok(self.matrix().states())
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let ones = greater_equal(y_pred, self.threshold);
        self.matrix().update(states, y_true, &ones, sample_weight)
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        self.matrix().mean_iou(states, &self.target_class_ids)
    }
}
