//! The best of one share under a constraint on another: what four metrics have in common.

use rhyton_tensor::Array;

use super::confusion::{check_count, shares};
use super::floats;
use crate::{Error, Result};

/// A share of two of the four counts, by their places among the states.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share(usize, usize);

pub(super) const PRECISION: Share = Share(0, 1);
pub(super) const RECALL: Share = Share(0, 3);
pub(super) const SPECIFICITY: Share = Share(2, 1);

impl Share {
    fn at_each_threshold(self, states: &[Array]) -> Vec<f32> {
        shares(&floats(states, self.0), &floats(states, self.1))
    }
}

/// The largest share among the thresholds at which another is at least a limit.
pub(super) fn best(states: &[Array], wanted: Share, constrained: Share, limit: f64) -> f64 {
    let feasible = constrained.at_each_threshold(states).into_iter();
    let reached = feasible.zip(wanted.at_each_threshold(states));
    let reached = reached.filter(|(share, _)| *share >= limit as f32).map(|(_, share)| share);
    f64::from(reached.fold(0.0, f32::max))
}

/// Refuses a limit outside [0, 1], and no thresholds.
pub(super) fn check(
    metric: &str,
    (key, limit): (&'static str, f64),
    num_thresholds: usize,
) -> Result<()> {
    if !(0.0..=1.0).contains(&limit) {
        return Err(Error::config(metric, key, "a number in [0, 1]", limit));
    }
    check_count(metric, 1, num_thresholds)
}
