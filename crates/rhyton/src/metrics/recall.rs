use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::confusion::{self, Confusion, check_thresholds, or_default, shares};
use super::{Metric, MetricSpec, MetricState, MetricValue, floats, read};
use crate::Result;
use crate::objects::Numbers;

/// Of the targets that are 1, the share that is predicted.
///
/// A list of thresholds gives a list of results.
///
/// # Shapes
/// `y_true, y_pred: [N, …]`, targets 0 or 1.
///
/// Source: Keras 3.15 `keras.metrics.Recall`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Recall {
    /// A prediction above it means yes, in [0, 1]; default ½, with `top_k` none.
    thresholds: Numbers<f64>,
    /// Only the best k predictions of a sample can mean yes; default all.
    top_k: Option<usize>,
    /// Only this class counts; default all.
    class_id: Option<usize>,
    /// The key in logs; default `recall`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "Recall",
    module: "keras.metrics",
    aliases: &["recall"],
    from_config: read::<Recall>,
    cases: &[
        r#"{"name": "recall"}"#,
        r#"{"name": "r", "thresholds": 0.3}"#,
        r#"{"name": "r", "thresholds": [0.2, 0.5, 0.9]}"#,
        r#"{"name": "r", "thresholds": [0.0, 0.5, 1.0], "class_id": 1}"#,
        r#"{"name": "r", "top_k": 2}"#,
    ],
};

metric_settings!(
    Recall, "recall", always "name";
    thresholds: Numbers::Unset, top_k: None, class_id: None
);

impl Metric for Recall {
    fn validate(&self) -> Result<()> {
        check_thresholds(&self.name, &self.thresholds)
    }

    fn states(&self, _: &Spec, _: &Spec) -> Result<Vec<MetricState>> {
        let count = or_default(&self.thresholds, self.top_k).len();
        Ok(confusion::states(&["true_positives", "false_negatives"], &[count]))
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let confusion = Confusion {
            metric: &self.name,
            thresholds: or_default(&self.thresholds, self.top_k),
            top_k: self.top_k,
            class_id: self.class_id,
            ..Confusion::default()
        };
        let counts = confusion.count(y_true, y_pred, sample_weight)?;
        Confusion::accumulate(states, vec![counts.true_positives, counts.false_negatives])
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        MetricValue::number_of_one(&shares(&floats(states, 0), &floats(states, 1)))
    }
}
