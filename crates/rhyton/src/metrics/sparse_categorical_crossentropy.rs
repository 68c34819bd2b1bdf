use std::sync::Arc;

use rhyton_graph::{Tensor, cast};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricSpec, accumulate_mean};
use crate::Result;
use crate::losses::{self, Loss as _};
use crate::objects::{changed_config, from_config};

/// The mean crossentropy of class numbers and rows of probabilities; see the loss of this name.
///
/// Places of `ignore_class` add 0. As in Keras they still count as samples, unless sample weights
/// are given.
///
/// Source: Keras 3.15 `keras.metrics.SparseCategoricalCrossentropy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SparseCategoricalCrossentropy {
    /// The key in logs; default `sparse_categorical_crossentropy`.
    name: String,
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// A class number whose places add nothing; default none.
    ignore_class: Option<i64>,
    /// The axis of the classes; default the last.
    axis: isize,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "SparseCategoricalCrossentropy",
    module: "keras.metrics",
    aliases: &["sparse_categorical_crossentropy"],
    from_config: |config| {
        Ok(Arc::new(from_config::<SparseCategoricalCrossentropy>(
            "SparseCategoricalCrossentropy",
            config,
            &["dtype"],
        )?))
    },
    cases: &["{}", r#"{"from_logits": true}"#, r#"{"ignore_class": 1}"#],
};

impl Default for SparseCategoricalCrossentropy {
    fn default() -> Self {
        Self {
            name: "sparse_categorical_crossentropy".to_owned(),
            from_logits: false,
            ignore_class: None,
            axis: -1,
        }
    }
}

impl Metric for SparseCategoricalCrossentropy {
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
        let loss = losses::SparseCategoricalCrossentropy::default()
            .from_logits(self.from_logits)
            .ignore_class(self.ignore_class)
            .axis(self.axis);
        let values = loss.call(y_true, y_pred)?;
        let mask = loss.mask(y_true, y_pred)?;
        let masked = match (sample_weight, &mask) {
            (Some(weight), Some(mask)) => {
                let (mask, weight) = losses::same_rank(&cast(mask, weight.dtype()), weight)?;
                Some((weight * mask).checked()?)
            }
            (weight, _) => weight.cloned(),
        };
        accumulate_mean(states, &values, masked.as_ref())
    }
}
