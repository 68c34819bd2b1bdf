use rhyton_graph::{Tensor, maximum, minimum};
use serde_json::Value;

use crate::{Error, Result};

/// How near to 0 and 1 a probability may come before its logarithm is taken; Keras' default.
const EPSILON: f64 = 1e-7;

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

/// Whether an axis is a tensor's last one.
pub(super) fn is_last(axis: isize, x: &Tensor) -> bool {
    axis == -1 || axis + 1 == x.rank() as isize
}

/// Keys in Keras' configuration of losses that decide nothing here: values are float32, or float64
/// where predictions are.
pub(super) const IGNORED: &[&str] = &["dtype"];

/// The configuration of a loss from a function's object form has a `fn` key; its class says it.
pub(super) fn without_function(mut config: Value) -> Value {
    if let Value::Object(keys) = &mut config {
        keys.shift_remove("fn");
    }
    config
}
