use rhyton_graph::{Tensor, mean, square, variance};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::{EPSILON, pair};

/// The mean of Lin's concordance correlation of targets and predictions along an axis: as
/// Pearson's, but 1 only where both are equal.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`: samples are correlated within themselves, not with each other.
///
/// Source: Keras 3.15 `keras.metrics.ConcordanceCorrelation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct ConcordanceCorrelation {
    /// The axis of the values; default the last.
    axis: isize,
    /// The key in logs; default `concordance_correlation`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "ConcordanceCorrelation",
    module: "keras.metrics",
    aliases: &["concordance_correlation"],
    from_config: read::<ConcordanceCorrelation>,
    cases: &["{}", r#"{"axis": 1}"#],
};

metric_settings!(ConcordanceCorrelation, "concordance_correlation"; axis: -1);

impl MeanMetric for ConcordanceCorrelation {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let axis = [self.axis];
        let (mean_true, mean_pred) =
            (mean(&y_true, Some(&axis), true), mean(&y_pred, Some(&axis), true));
        let variances = variance(&y_true, Some(&axis), true) + variance(&y_pred, Some(&axis), true);
        // Keras takes the predictions' mean from both; the mean of the product is the same.
        let covariance = (&y_true - &mean_pred) * (&y_pred - &mean_pred);
        let scale = variances + square(mean_true - mean_pred) + EPSILON;
        Ok(mean(&(2.0 * covariance / scale), Some(&axis), false).checked()?)
    }
}
