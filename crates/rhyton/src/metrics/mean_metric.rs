use std::fmt::Debug;
use std::sync::Arc;

use rhyton_graph::{Tensor, cast};

use super::{Metric, MetricKind, MetricSettings, accumulate_mean};
use crate::Result;
use crate::losses::{PairFunction, same_rank};
use crate::objects::Configured;

/// A metric that is the mean of one value a sample; it is a [`Metric`] then.
pub trait MeanMetric: Configured<MetricKind> + MetricSettings + Debug + Send + Sync {
    /// The values that are averaged: one a sample, or of more axes, which are averaged too.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor>;

    /// Which of the values sample weights count for, as bool of their shape; `None` for all.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn mask(&self, _y_true: &Tensor, _y_pred: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// The function behind a metric that is one of your own; `None` for others.
    fn function(&self) -> Option<&Arc<PairFunction>> {
        None
    }

    /// Refuses settings outside their ranges; the default accepts all.
    ///
    /// # Errors
    /// [`crate::Error::Config`] naming the setting and its range.
    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

impl<T: MeanMetric> Metric for T {
    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let values = self.values(y_true, y_pred)?;
        let masked = match (sample_weight, self.mask(y_true, y_pred)?) {
            (Some(weight), Some(mask)) => {
                let (mask, weight) = same_rank(&cast(&mask, weight.dtype()), weight)?;
                Some((weight * mask).checked()?)
            }
            (weight, _) => weight.cloned(),
        };
        accumulate_mean(states, &values, masked.as_ref())
    }

    fn validate(&self) -> Result<()> {
        MeanMetric::validate(self)
    }

    fn function(&self) -> Option<&Arc<PairFunction>> {
        MeanMetric::function(self)
    }
}
