use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::confusion_matrix::ConfusionMatrix;
use super::{Metric, MetricSpec, MetricState, MetricValue, read};
use crate::Result;

/// How many places have a class in targets and predictions, divided by how many have it in
/// either: the mean over all classes.
///
/// Counts are whole: weights of samples lose their fractions, as in Keras, unless `dtype` is
/// `float32`.
///
/// Source: Keras 3.15 `keras.metrics.MeanIoU`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct MeanIoU {
    /// How many classes there are; others do not count.
    num_classes: usize,
    /// A class whose targets do not count; default none.
    ignore_class: Option<i64>,
    /// Whether targets are class numbers, not rows; default true.
    sparse_y_true: bool,
    /// Whether predictions are class numbers, not rows; default true.
    sparse_y_pred: bool,
    /// The axis of the classes in rows; default the last.
    axis: isize,
    /// The element type of the counts, `int` or `float32`; default `int`.
    dtype: Option<String>,
    /// The key in logs; default `mean_io_u`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "MeanIoU",
    module: "keras.metrics",
    aliases: &["mean_io_u"],
    from_config: read::<MeanIoU>,
    cases: &[
        r#"{"num_classes": 4, "name": "mean_io_u"}"#,
        r#"{"num_classes": 4, "ignore_class": 1, "sparse_y_pred": false, "dtype": "float32", "name": "overlap"}"#,
    ],
};

metric_settings!(
    MeanIoU, "mean_io_u", always "num_classes", "name";
    num_classes: 0, ignore_class: None, sparse_y_true: true, sparse_y_pred: true, axis: -1, dtype: None
);

impl MeanIoU {
    /// Of so many classes.
    pub fn new(num_classes: usize) -> Self {
        Self { num_classes, ..Self::default() }
    }

    fn matrix(&self) -> ConfusionMatrix<'_> {
        ConfusionMatrix {
            metric: &self.name,
            num_classes: self.num_classes,
            ignore_class: self.ignore_class,
            sparse: [self.sparse_y_true, self.sparse_y_pred],
            axis: self.axis,
            dtype: self.dtype.as_deref(),
        }
    }
}

impl Metric for MeanIoU {
    fn validate(&self) -> Result<()> {
        self.matrix().validate(&[])
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
        self.matrix().mean_iou(states, &(0..self.num_classes).collect::<Vec<_>>())
    }
}
