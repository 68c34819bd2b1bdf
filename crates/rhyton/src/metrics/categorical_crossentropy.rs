use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::{self, Loss as _};

/// The mean crossentropy of rows of probabilities; see the loss of this name.
///
/// Source: Keras 3.15 `keras.metrics.CategoricalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards equal shares, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The axis of the classes; default the last.
    axis: isize,
    /// The key in logs; default `categorical_crossentropy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "CategoricalCrossentropy",
    module: "keras.metrics",
    aliases: &["categorical_crossentropy"],
    from_config: read::<CategoricalCrossentropy>,
    cases: &["{}", r#"{"from_logits": true, "label_smoothing": 0.1}"#],
};

metric_settings!(
    CategoricalCrossentropy, "categorical_crossentropy";
    from_logits: false, label_smoothing: 0.0, axis: -1
);

impl CategoricalCrossentropy {
    fn loss(&self) -> losses::CategoricalCrossentropy {
        losses::CategoricalCrossentropy::default()
            .from_logits(self.from_logits)
            .label_smoothing(self.label_smoothing)
            .axis(self.axis)
    }
}

impl MeanMetric for CategoricalCrossentropy {
    fn validate(&self) -> Result<()> {
        self.loss().validate()
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.loss().call(y_true, y_pred)
    }
}
