use std::sync::Arc;

use rhyton_graph::{Tensor, clip};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{Axes, Constraint, ConstraintKind, ConstraintSpec, EPSILON, norms};
use crate::Result;
use crate::objects::from_config;

/// w · desired / (‖w‖ + 1e-7), where desired is the norm, moved by `rate` of the way towards the
/// nearest in [`min_value`, `max_value`]; with a norm for each place of the other axes.
///
/// Source: Keras 3.15 `keras.constraints.MinMaxNorm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct MinMaxNorm {
    /// The smallest norm; default 0.
    min_value: f64,
    /// The largest norm; default 1.
    max_value: f64,
    /// How much of the way a step goes, 1 for all of it; default 1.
    rate: f64,
    /// The axes over which the norm is taken; default 0, a `Dense` unit's incoming weights.
    axis: Axes,
}

pub(super) static SPEC: ConstraintSpec = ConstraintSpec {
    class_name: "MinMaxNorm",
    module: "keras.constraints",
    aliases: &["min_max_norm", "minmaxnorm"],
    from_config: |config| Ok(Arc::new(from_config::<MinMaxNorm>("MinMaxNorm", config, &[])?)),
    cases: &[
        "{}",
        r#"{"min_value": 0.5, "max_value": 1.5, "rate": 0.3, "axis": [0, 1]}"#,
        r#"{"min_value": 1.0, "max_value": 2.0, "axis": null}"#,
    ],
};

crate::configured!(MinMaxNorm: ConstraintKind);

impl Default for MinMaxNorm {
    fn default() -> Self {
        Self { min_value: 0.0, max_value: 1.0, rate: 1.0, axis: Axes::default() }
    }
}

impl MinMaxNorm {
    /// Norms in this range.
    pub fn new(norms: std::ops::RangeInclusive<f64>) -> Self {
        Self { min_value: *norms.start(), max_value: *norms.end(), ..Self::default() }
    }
}

impl Constraint for MinMaxNorm {
    fn call(&self, weight: &Tensor) -> Result<Tensor> {
        let norms = norms(weight, &self.axis);
        let inside = clip(&norms, self.min_value, self.max_value);
        let desired = self.rate * inside + (1.0 - self.rate) * &norms;
        Ok((weight * (desired / (norms + EPSILON))).checked()?)
    }
}
