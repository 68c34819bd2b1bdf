use rhyton_graph::{
    Spec, Tensor, absolute, cast, expand_dims, greater, greater_equal, logical_and, max, sum,
};
use rhyton_macros::Setters;
use rhyton_tensor::{Array, DType};
use serde::{Deserialize, Serialize};

use super::confusion::{Confusion, states};
use super::{Metric, MetricSpec, MetricState, MetricValue, floats, read};
use crate::losses::EPSILON;
use crate::{Error, Result};

/// (1 + β²) · P · R / (β² · P + R) of precision P and recall R of each class.
///
/// The result is a list, one number a class, unless an average is chosen.
///
/// # Shapes
/// `y_true, y_pred: [N, classes]`, targets 0 or 1.
///
/// Source: Keras 3.15 `keras.metrics.FBetaScore`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct FBetaScore {
    /// How classes become one number; default they do not.
    average: Option<Average>,
    /// β, how much more recall counts than precision, above 0; default 1.
    beta: f64,
    /// A prediction above it means yes, in (0, 1]; default the largest of a row does.
    threshold: Option<f64>,
    /// The key in logs; default `fbeta_score`.
    name: String,
}

/// How scores of classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Average {
    /// The score of all classes' counts together.
    Micro,
    /// The mean of the scores.
    Macro,
    /// The mean, weighted by how many targets each class has.
    Weighted,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "FBetaScore",
    module: "keras.metrics",
    aliases: &["f_beta_score"],
    from_config: read::<FBetaScore>,
    cases: &[
        "{}",
        r#"{"average": "macro", "beta": 2.0}"#,
        r#"{"average": "weighted", "beta": 0.5, "threshold": 0.4}"#,
        r#"{"average": "micro", "threshold": 0.3}"#,
    ],
};

metric_settings!(FBetaScore, "fbeta_score"; average: None, beta: 1.0, threshold: None);

impl FBetaScore {
    /// Whether a prediction means yes.
    fn means_yes(&self, y_pred: &Tensor) -> Tensor {
        if let Some(threshold) = self.threshold {
            return greater(y_pred, threshold);
        }
        let largest = greater_equal(y_pred, max(y_pred, Some(&[-1]), true));
        logical_and(&largest, &greater(absolute(y_pred), 1e-9))
    }
}

impl Metric for FBetaScore {
    fn validate(&self) -> Result<()> {
        if self.beta.is_nan() || self.beta <= 0.0 {
            return Err(Error::config(&self.name, "beta", "a number above 0", self.beta));
        }
        match self.threshold {
            Some(threshold) if !(threshold > 0.0 && threshold <= 1.0) => {
                Err(Error::config(&self.name, "threshold", "a number in (0, 1]", threshold))
            }
            _ => Ok(()),
        }
    }

    fn states(&self, y_true: &Spec, y_pred: &Spec) -> Result<Vec<MetricState>> {
        let classes = columns(&self.name, y_true, y_pred)?;
        let shape: &[usize] = if self.average == Some(Average::Micro) { &[] } else { &[classes] };
        let names =
            ["true_positives", "false_positives", "false_negatives", "intermediate_weights"];
        Ok(states(&names, shape))
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        columns(&self.name, y_true.spec(), y_pred.spec())?;
        let (y_true, y_pred) = (cast(y_true, DType::F32), cast(y_pred, DType::F32));
        let said = cast(&self.means_yes(&y_pred), DType::F32);
        let weight = sample_weight.map(|weight| {
            let weight = cast(weight, DType::F32);
            if weight.rank() == 1 { expand_dims(&weight, -1) } else { weight }
        });
        let axes: Option<&[isize]> =
            if self.average == Some(Average::Micro) { None } else { Some(&[0]) };
        let total = |values: Tensor| {
            let values = weight.as_ref().map_or(values.clone(), |weight| values * weight);
            sum(&values, axes, false)
        };
        let counts = vec![
            total(&said * &y_true),
            total(&said * (1.0 - &y_true)),
            total((1.0 - &said) * &y_true),
            total(y_true),
        ];
        Confusion::accumulate(states, counts)
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        let [tp, fp, missed, weights] = [0, 1, 2, 3].map(|place| floats(states, place));
        let (epsilon, beta) = (EPSILON as f32, (self.beta * self.beta) as f32);
        let score = |place: usize| {
            let precision = tp[place] / (tp[place] + fp[place] + epsilon);
            let recall = tp[place] / (tp[place] + missed[place] + epsilon);
            precision * recall / (beta * precision + recall + epsilon) * (1.0 + beta)
        };
        let scores: Vec<f32> = (0..tp.len()).map(score).collect();
        match self.average {
            None => MetricValue::numbers(&scores),
            Some(Average::Weighted) => {
                let all = weights.iter().sum::<f32>() + epsilon;
                let parts =
                    scores.iter().zip(&weights).map(|(score, weight)| score * (weight / all));
                MetricValue::Number(parts.sum::<f32>().into())
            }
            Some(Average::Micro | Average::Macro) => {
                let mean = scores.iter().sum::<f32>() / scores.len().max(1) as f32;
                MetricValue::Number(mean.into())
            }
        }
    }
}

/// The number of columns of targets and predictions, which are tables of one shape.
pub(super) fn columns(metric: &str, y_true: &Spec, y_pred: &Spec) -> Result<usize> {
    let columns = y_pred.shape.last().and_then(|dim| dim.fixed_size());
    let columns = columns.filter(|_| y_pred.shape.rank() == 2 && y_true.shape == y_pred.shape);
    columns.ok_or_else(|| {
        let expected = format!("[N, classes], the shape of y_pred {}", y_pred.shape);
        rhyton_graph::Error::shape(metric, "y_true", expected, &y_true.shape).into()
    })
}
