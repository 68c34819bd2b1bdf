use rhyton_graph::{Spec, Tensor, broadcast_to, cast, expand_dims, square, sum};
use rhyton_macros::Setters;
use rhyton_tensor::{Array, DType};
use serde::{Deserialize, Serialize};

use super::confusion::Confusion;
use super::f_beta_score::columns;
use super::{Metric, MetricSpec, MetricState, MetricValue, floats, read};
use crate::Result;
use crate::losses::{same_rank, size};

/// 1 − Σ (y − p)² / Σ (y − ȳ)²: the share of the targets' variance that predictions explain; 1 is
/// best, 0 is what the mean reaches.
///
/// A column whose targets are all equal scores 0, or is no number where its predictions are exact, as
/// in Keras.
///
/// # Shapes
/// `y_true, y_pred: [N, d]`, or `y_true: [N]` for d = 1.
///
/// Source: Keras 3.15 `keras.metrics.R2Score`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct R2Score {
    /// How columns become one number; default their mean. Without it the result is a list.
    class_aggregation: Option<Aggregation>,
    /// How many values each prediction was made from, for the adjusted score; default 0, not
    /// adjusted.
    num_regressors: usize,
    /// The key in logs; default `r2_score`.
    name: String,
}

/// How scores of columns become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their mean.
    UniformAverage,
    /// The mean, weighted by the columns' variance.
    VarianceWeightedAverage,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "R2Score",
    module: "keras.metrics",
    aliases: &["r2_score"],
    from_config: read::<R2Score>,
    cases: &[
        "{}",
        r#"{"class_aggregation": null}"#,
        r#"{"class_aggregation": "variance_weighted_average", "num_regressors": 2}"#,
    ],
};

metric_settings!(
    R2Score, "r2_score";
    class_aggregation: Some(Aggregation::UniformAverage), num_regressors: 0
);

impl Metric for R2Score {
    fn states(&self, y_true: &Spec, y_pred: &Spec) -> Result<Vec<MetricState>> {
        let as_column = y_true.shape.rank() == 1 && y_pred.shape.rank() == 2;
        let y_true = if as_column { y_pred } else { y_true };
        let columns = [columns(&self.name, y_true, y_pred)?];
        let sums = ["squared_sum", "sum", "residual", "count"];
        let sums = sums.map(|name| MetricState::new(name, &columns));
        Ok(std::iter::once(MetricState::new("num_samples", &[])).chain(sums).collect())
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let (y_true, y_pred) = (cast(y_true, DType::F32), cast(y_pred, DType::F32));
        let (y_true, y_pred) = same_rank(&y_true, &y_pred)?;
        columns(&self.name, y_true.spec(), y_pred.spec())?;
        let weight = match sample_weight {
            None => y_true.scalar_like(1.0),
            Some(weight) if weight.rank() == 1 => expand_dims(&cast(weight, DType::F32), -1),
            Some(weight) => cast(weight, DType::F32),
        };
        let weight = broadcast_to(&weight, y_true.shape());
        let total = |values: &Tensor| sum(values, Some(&[0]), false);
        let sums = vec![
            size(&y_true),
            total(&(&y_true * &y_true * &weight)),
            total(&(&y_true * &weight)),
            total(&(square(&y_true - &y_pred) * &weight)),
            total(&weight),
        ];
        Confusion::accumulate(states, sums)
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        let [samples, squares, sums, residuals, counts] =
            [0, 1, 2, 3, 4].map(|place| floats(states, place));
        let samples = samples.first().copied().unwrap_or(0.0);
        let variance = |i: usize| squares[i] - sums[i] * (sums[i] / counts[i]);
        let score = |i: usize| {
            let score = 1.0 - residuals[i] / variance(i);
            if score.is_infinite() { 0.0 } else { score }
        };
        let scores: Vec<f32> = (0..sums.len()).map(score).collect();
        let adjust = |score: f32| {
            let regressors = self.num_regressors as f32;
            if regressors == 0.0 || regressors >= samples - 1.0 {
                return score;
            }
            1.0 - (1.0 - score) * (samples - 1.0) / (samples - regressors - 1.0)
        };
        let one = match self.class_aggregation {
            None => {
                let scores: Vec<f32> = scores.into_iter().map(adjust).collect();
                return MetricValue::numbers(&scores);
            }
            Some(Aggregation::UniformAverage) => {
                scores.iter().sum::<f32>() / scores.len().max(1) as f32
            }
            Some(Aggregation::VarianceWeightedAverage) => {
                let weighted = scores.iter().enumerate().map(|(i, score)| variance(i) * score);
                weighted.sum::<f32>() / (0..scores.len()).map(variance).sum::<f32>()
            }
        };
        MetricValue::Number(adjust(one).into())
    }
}
