use std::sync::Arc;

use rhyton_graph::{Dim, Tensor, argmax, equal, squeeze};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;

use crate::objects::{changed_config, from_config};

/// How often the largest prediction is at the place that the class number says.
///
/// # Shapes
/// `y_true: [N, …]` or `[N, …, 1]`, `y_pred: [N, …, classes]`.
///
/// Source: Keras 3.15 `keras.metrics.SparseCategoricalAccuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SparseCategoricalAccuracy {
    /// The key in logs; default `sparse_categorical_accuracy`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "SparseCategoricalAccuracy",
    module: "keras.metrics",
    aliases: &["sparse_categorical_accuracy"],
    from_config: |config| {
        Ok(Arc::new(from_config::<SparseCategoricalAccuracy>(
            "SparseCategoricalAccuracy",
            config,
            &["dtype"],
        )?))
    },
    cases: &["{}"],
};

impl Default for SparseCategoricalAccuracy {
    fn default() -> Self {
        Self { name: "sparse_categorical_accuracy".to_owned() }
    }
}

impl Metric for SparseCategoricalAccuracy {
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
        let ends_in_one = y_true.shape().last() == Some(&Dim::ONE);
        let labels = if y_true.rank() == y_pred.rank() && ends_in_one {
            squeeze(y_true, -1)
        } else {
            y_true.clone()
        };
        accumulate_mean(states, &equal(labels, argmax(y_pred, -1)), sample_weight)
    }
}
