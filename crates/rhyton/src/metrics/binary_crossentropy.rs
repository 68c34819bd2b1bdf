use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::{self, Loss as _};

/// The mean crossentropy of targets 0 or 1 and probabilities; see the loss of this name.
///
/// Source: Keras 3.15 `keras.metrics.BinaryCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryCrossentropy {
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards equal shares, in [0, 1]; default 0.
    label_smoothing: f64,
    /// The key in logs; default `binary_crossentropy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "BinaryCrossentropy",
    module: "keras.metrics",
    aliases: &["binary_crossentropy", "bce", "BCE"],
    from_config: read::<BinaryCrossentropy>,
    cases: &["{}", r#"{"from_logits": true, "label_smoothing": 0.1}"#],
};

metric_settings!(
    BinaryCrossentropy, "binary_crossentropy";
    from_logits: false, label_smoothing: 0.0
);

impl BinaryCrossentropy {
    fn loss(&self) -> losses::BinaryCrossentropy {
        losses::BinaryCrossentropy::default()
            .from_logits(self.from_logits)
            .label_smoothing(self.label_smoothing)
    }
}

impl MeanMetric for BinaryCrossentropy {
    fn validate(&self) -> Result<()> {
        self.loss().validate()
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.loss().call(y_true, y_pred)
    }
}
