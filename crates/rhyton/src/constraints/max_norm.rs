use std::sync::Arc;

use rhyton_graph::{Tensor, clip};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{Axes, Constraint, ConstraintKind, ConstraintSpec, EPSILON, norms};
use crate::Result;
use crate::objects::from_config;

/// w · min(‖w‖, `max_value`) / (‖w‖ + 1e-7), with a norm for each place of the other axes.
///
/// Source: Keras 3.15 `keras.constraints.MaxNorm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct MaxNorm {
    /// The largest norm; default 2.
    max_value: f64,
    /// The axes over which the norm is taken; default 0, a `Dense` unit's incoming weights.
    axis: Axes,
}

pub(super) static SPEC: ConstraintSpec = ConstraintSpec {
    class_name: "MaxNorm",
    module: "keras.constraints",
    aliases: &["max_norm", "maxnorm"],
    from_config: |config| Ok(Arc::new(from_config::<MaxNorm>("MaxNorm", config, &[])?)),
    cases: &["{}", r#"{"max_value": 0.5, "axis": [0, 1]}"#, r#"{"max_value": 3, "axis": -1}"#],
};

crate::configured!(MaxNorm: ConstraintKind);

impl Default for MaxNorm {
    fn default() -> Self {
        Self { max_value: 2.0, axis: Axes::default() }
    }
}

impl MaxNorm {
    /// Norms of at most this.
    pub fn new(max_value: f64) -> Self {
        Self { max_value, ..Self::default() }
    }
}

impl Constraint for MaxNorm {
    fn call(&self, weight: &Tensor) -> Result<Tensor> {
        let norms = norms(weight, &self.axis);
        let desired = clip(&norms, 0.0, self.max_value);
        Ok((weight * (desired / (norms + EPSILON))).checked()?)
    }
}
