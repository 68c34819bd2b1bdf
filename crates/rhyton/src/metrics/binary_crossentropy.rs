use std::sync::Arc;

use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;
use crate::losses::{self, Loss as _};
use crate::objects::{changed_config, from_config};

/// The mean crossentropy of targets 0 or 1 and probabilities; see the loss of this name.
///
/// Source: Keras 3.15 `keras.metrics.BinaryCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryCrossentropy {
    /// The key in logs; default `binary_crossentropy`.
    name: String,
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// How far targets are drawn towards equal shares, in [0, 1]; default 0.
    label_smoothing: f64,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "BinaryCrossentropy",
    module: "keras.metrics",
    aliases: &["binary_crossentropy", "bce", "BCE"],
    from_config: |config| {
        Ok(Arc::new(from_config::<BinaryCrossentropy>("BinaryCrossentropy", config, &["dtype"])?))
    },
    cases: &["{}", r#"{"from_logits": true, "label_smoothing": 0.1}"#],
};

impl Default for BinaryCrossentropy {
    fn default() -> Self {
        Self { name: "binary_crossentropy".to_owned(), from_logits: false, label_smoothing: 0.0 }
    }
}

impl Metric for BinaryCrossentropy {
    fn spec(&self) -> &'static MetricSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let loss = losses::BinaryCrossentropy::default()
            .from_logits(self.from_logits)
            .label_smoothing(self.label_smoothing);
        accumulate_mean(states, &loss.call(y_true, y_pred)?, sample_weight)
    }
}
