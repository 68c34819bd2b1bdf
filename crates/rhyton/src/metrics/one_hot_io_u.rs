use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::confusion_matrix::ConfusionMatrix;
use super::{Metric, MetricSpec, MetricState, MetricValue, read};
use crate::Result;

/// How many places have a class in targets and predictions, divided by how many have it in
/// either: the mean over some classes; targets are
/// rows.
///
/// Counts are whole: weights of samples lose their fractions, as in Keras, unless `dtype` is
/// `float32`.
///
/// Source: Keras 3.15 `keras.metrics.OneHotIoU`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct OneHotIoU {
    /// How many classes there are; others do not count.
    num_classes: usize,
    /// The classes whose mean is taken.
    target_class_ids: Vec<usize>,
    /// A class whose targets do not count; default none.
    ignore_class: Option<i64>,
    /// Whether predictions are class numbers, not rows; default false.
    sparse_y_pred: bool,
    /// The axis of the classes in rows; default the last.
    axis: isize,
    /// The element type of the counts, `int` or `float32`; default `int`.
    dtype: Option<String>,
    /// The key in logs; default `one_hot_io_u`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "OneHotIoU",
    module: "keras.metrics",
    aliases: &["one_hot_io_u"],
    from_config: read::<OneHotIoU>,
    cases: &[
        r#"{"num_classes": 4, "target_class_ids": [0, 2], "name": "one_hot_io_u"}"#,
        r#"{"num_classes": 4, "target_class_ids": [1], "sparse_y_pred": true, "dtype": "float32", "name": "overlap"}"#,
    ],
};

metric_settings!(
    OneHotIoU, "one_hot_io_u", always "num_classes", "target_class_ids", "name";
    num_classes: 0, target_class_ids: Vec::new(), ignore_class: None, sparse_y_pred: false, axis: -1, dtype: None
);

impl OneHotIoU {
    /// Of these classes, among so many.
    pub fn new(num_classes: usize, target_class_ids: impl Into<Vec<usize>>) -> Self {
        Self { num_classes, target_class_ids: target_class_ids.into(), ..Self::default() }
    }

    fn matrix(&self) -> ConfusionMatrix<'_> {
        ConfusionMatrix {
            metric: &self.name,
            num_classes: self.num_classes,
            ignore_class: self.ignore_class,
            sparse: [false, self.sparse_y_pred],
            axis: self.axis,
            dtype: self.dtype.as_deref(),
        }
    }
}

impl Metric for OneHotIoU {
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
        self.matrix().update(states, y_true, y_pred, sample_weight)
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        self.matrix().mean_iou(states, &self.target_class_ids)
    }
}
