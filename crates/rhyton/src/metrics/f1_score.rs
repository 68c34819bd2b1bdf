use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::f_beta_score::{Average, FBetaScore};
use super::{Metric, MetricSpec, MetricState, MetricValue, read};
use crate::Result;

/// 2 · P · R / (P + R) of precision P and recall R of each class.
///
/// The result is a list, one number a class, unless an average is chosen.
///
/// # Shapes
/// `y_true, y_pred: [N, classes]`, targets 0 or 1.
///
/// Source: Keras 3.15 `keras.metrics.F1Score`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct F1Score {
    /// How classes become one number; default they do not.
    average: Option<Average>,
    /// A prediction above it means yes, in (0, 1]; default the largest of a row does.
    threshold: Option<f64>,
    /// The key in logs; default `f1_score`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "F1Score",
    module: "keras.metrics",
    aliases: &["f1_score"],
    from_config: read::<F1Score>,
    cases: &[
        "{}",
        r#"{"average": "micro"}"#,
        r#"{"average": "macro", "threshold": 0.4}"#,
        r#"{"average": "weighted"}"#,
    ],
};

metric_settings!(F1Score, "f1_score"; average: None, threshold: None);

impl F1Score {
    fn as_f_beta(&self) -> FBetaScore {
        let score = FBetaScore::default().name(self.name.clone()).threshold(self.threshold);
        match self.average {
            Some(average) => score.average(average),
            None => score,
        }
    }
}

impl Metric for F1Score {
    fn validate(&self) -> Result<()> {
        self.as_f_beta().validate()
    }

    fn states(&self, y_true: &Spec, y_pred: &Spec) -> Result<Vec<MetricState>> {
        self.as_f_beta().states(y_true, y_pred)
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        self.as_f_beta().update(states, y_true, y_pred, sample_weight)
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        self.as_f_beta().result(states)
    }
}
