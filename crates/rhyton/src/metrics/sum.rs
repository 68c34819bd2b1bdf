use rhyton_graph::{Spec, Tensor, cast};
use rhyton_macros::Setters;
use rhyton_tensor::{Array, DType};
use serde::{Deserialize, Serialize};

use super::confusion::{Confusion, spread};
use super::{Metric, MetricSpec, MetricState, MetricValue, floats, read};
use crate::Result;
use crate::losses::same_rank;

/// The sum of the predictions themselves, times weights; targets do not matter.
///
/// Source: Keras 3.15 `keras.metrics.Sum`, which takes no targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Sum {
    /// The key in logs; default `sum`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "Sum",
    module: "keras.metrics",
    aliases: &["sum"],
    from_config: read::<Sum>,
    cases: &["{}"],
};

metric_settings!(Sum, "sum");

impl Metric for Sum {
    fn states(&self, _: &Spec, _: &Spec) -> Result<Vec<MetricState>> {
        Ok(vec![MetricState::new("total", &[])])
    }

    fn update(
        &self,
        states: &[Tensor],
        _: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let values = cast(y_pred, DType::F32);
        let values = match sample_weight {
            None => values,
            Some(weight) => {
                let (values, weight) = same_rank(&values, &cast(weight, DType::F32))?;
                &values * spread(&weight, values.rank())
            }
        };
        Confusion::accumulate(states, vec![rhyton_graph::sum(&values, None, false)])
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        MetricValue::number_of_one(&floats(states, 0))
    }
}
