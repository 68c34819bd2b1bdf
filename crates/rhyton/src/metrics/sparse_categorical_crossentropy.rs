use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::{self, Loss as _};

/// The mean crossentropy of class numbers and rows of probabilities; see the loss of this name.
///
/// Places of `ignore_class` add 0. As in Keras they still count as samples, unless sample weights
/// are given.
///
/// Source: Keras 3.15 `keras.metrics.SparseCategoricalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SparseCategoricalCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// A class number whose places add nothing; default none.
    ignore_class: Option<i64>,
    /// The axis of the classes; default the last.
    axis: isize,
    /// The key in logs; default `sparse_categorical_crossentropy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "SparseCategoricalCrossentropy",
    module: "keras.metrics",
    aliases: &["sparse_categorical_crossentropy"],
    from_config: read::<SparseCategoricalCrossentropy>,
    cases: &["{}", r#"{"from_logits": true}"#, r#"{"ignore_class": 1}"#],
};

metric_settings!(
    SparseCategoricalCrossentropy, "sparse_categorical_crossentropy";
    from_logits: false, ignore_class: None, axis: -1
);

impl SparseCategoricalCrossentropy {
    fn loss(&self) -> losses::SparseCategoricalCrossentropy {
        losses::SparseCategoricalCrossentropy::default()
            .from_logits(self.from_logits)
            .ignore_class(self.ignore_class)
            .axis(self.axis)
    }
}

impl MeanMetric for SparseCategoricalCrossentropy {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.loss().call(y_true, y_pred)
    }

    fn mask(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Option<Tensor>> {
        self.loss().mask(y_true, y_pred)
    }
}
