use std::sync::Arc;

use rhyton_graph::{Tensor, argmax, equal};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;

use crate::objects::{changed_config, from_config};

/// How often the largest prediction is at the place of the largest target.
///
/// Source: Keras 3.15 `keras.metrics.CategoricalAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct CategoricalAccuracy {
    /// The key in logs; default `categorical_accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "CategoricalAccuracy",
    module: "keras.metrics",
    aliases: &["categorical_accuracy"],
    from_config: |config| {
        Ok(Arc::new(from_config::<CategoricalAccuracy>("CategoricalAccuracy", config, &["dtype"])?))
    },
    cases: &["{}"],
};

impl Default for CategoricalAccuracy {
    fn default() -> Self {
        Self { name: "categorical_accuracy".to_owned() }
    }
}

impl Metric for CategoricalAccuracy {
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
        let matches = equal(argmax(y_true, -1), argmax(y_pred, -1));
        accumulate_mean(states, &matches, sample_weight)
    }
}
