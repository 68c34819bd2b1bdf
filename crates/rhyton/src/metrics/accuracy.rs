use std::sync::Arc;

use rhyton_graph::{Tensor, cast, equal};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;
use crate::losses::same_rank;
use crate::objects::{changed_config, from_config};

/// How often predictions equal targets exactly, place by place.
///
/// Source: Keras 3.15 `keras.metrics.Accuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Accuracy {
    /// The key in logs; default `accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "Accuracy",
    module: "keras.metrics",
    aliases: &["accuracy"],
    from_config: |config| Ok(Arc::new(from_config::<Accuracy>("Accuracy", config, &["dtype"])?)),
    cases: &["{}"],
};

impl Default for Accuracy {
    fn default() -> Self {
        Self { name: "accuracy".to_owned() }
    }
}

impl Metric for Accuracy {
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
        let (y_true, y_pred) = same_rank(&cast(y_true, y_pred.dtype()), y_pred)?;
        accumulate_mean(states, &equal(y_true, y_pred), sample_weight)
    }
}
