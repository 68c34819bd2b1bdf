use std::sync::Arc;

use rhyton_graph::{Tensor, cast, equal, greater};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;
use crate::losses::same_rank;
use crate::objects::{changed_config, from_config};

/// How often a prediction is on the side of the threshold that its target, 0 or 1, says.
///
/// Source: Keras 3.15 `keras.metrics.BinaryAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BinaryAccuracy {
    /// The key in logs; default `binary_accuracy`.
    name: String,
    /// A prediction above it means 1; default ½.
    threshold: f64,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "BinaryAccuracy",
    module: "keras.metrics",
    aliases: &["binary_accuracy"],
    from_config: |config| {
        Ok(Arc::new(from_config::<BinaryAccuracy>("BinaryAccuracy", config, &["dtype"])?))
    },
    cases: &["{}", r#"{"threshold": 0.3}"#],
};

impl Default for BinaryAccuracy {
    fn default() -> Self {
        Self { name: "binary_accuracy".to_owned(), threshold: 0.5 }
    }
}

impl Metric for BinaryAccuracy {
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
        let (y_true, y_pred) = same_rank(y_true, y_pred)?;
        let above = cast(&greater(y_pred, self.threshold), y_true.dtype());
        accumulate_mean(states, &equal(y_true, above), sample_weight)
    }
}
