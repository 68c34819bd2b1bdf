use rhyton_graph::{Tensor, mean, sqrt, variance};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{MeanMetric, MetricSpec, read};
use crate::Result;
use crate::losses::pair;

/// The mean of Pearson's correlation of targets and predictions along an axis, from −1 to 1.
///
/// # Shapes
/// `y_true, y_pred: [N, …, d]`: samples are correlated within themselves, not with each other.
///
/// Source: Keras 3.15 `keras.metrics.PearsonCorrelation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct PearsonCorrelation {
    /// The axis of the values; default the last.
    axis: isize,
    /// The key in logs; default `pearson_correlation`.
    name: String,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "PearsonCorrelation",
    module: "keras.metrics",
    aliases: &["pearson_correlation"],
    from_config: read::<PearsonCorrelation>,
    cases: &["{}", r#"{"axis": 1}"#],
};

metric_settings!(PearsonCorrelation, "pearson_correlation"; axis: -1);

impl MeanMetric for PearsonCorrelation {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
        let axis = [self.axis];
        let standard = |x: Tensor| {
            let centred = &x - mean(&x, Some(&axis), true);
            let deviation = sqrt(variance(&centred, Some(&axis), true));
            centred / deviation
        };
        Ok(mean(&(standard(y_true) * standard(y_pred)), Some(&axis), false).checked()?)
    }
}
