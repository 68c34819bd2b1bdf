use rhyton_graph::{Tensor, cast, dimension, maximum, minimum};

use crate::{Error, Result};

/// How near to 0 and 1 a probability may come before its logarithm is taken; Keras' default.
pub(crate) const EPSILON: f64 = 1e-7;

/// Probabilities at least [`EPSILON`] from 0 and 1.
pub(super) fn clip(probabilities: &Tensor) -> Tensor {
    minimum(maximum(probabilities, EPSILON), 1.0 - EPSILON)
}

/// Refuses a label smoothing outside [0, 1].
pub(super) fn check_smoothing(loss: &str, label_smoothing: f64) -> Result<()> {
    if (0.0..=1.0).contains(&label_smoothing) {
        return Ok(());
    }
    Err(Error::config(loss, "label_smoothing", "a number in [0, 1]", label_smoothing))
}

/// Targets drawn towards ½.
pub(super) fn smooth_binary(y_true: &Tensor, label_smoothing: f64) -> Tensor {
    match label_smoothing {
        0.0 => y_true.clone(),
        smoothing => y_true * (1.0 - smoothing) + 0.5 * smoothing,
    }
}

/// Targets drawn towards 1 / classes. Keras counts the classes on the last axis, whatever the
/// loss's `axis` says.
pub(super) fn smooth_categorical(y_true: &Tensor, label_smoothing: f64) -> Tensor {
    if label_smoothing == 0.0 || y_true.rank() == 0 {
        return y_true.clone();
    }
    let classes = cast(&dimension(y_true, y_true.rank() - 1), y_true.dtype());
    y_true * (1.0 - label_smoothing) + label_smoothing / classes
}

/// Whether an axis is a tensor's last one.
pub(super) fn is_last(axis: isize, x: &Tensor) -> bool {
    axis == -1 || axis + 1 == x.rank() as isize
}
