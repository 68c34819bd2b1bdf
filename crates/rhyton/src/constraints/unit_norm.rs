use std::sync::Arc;

use rhyton_graph::Tensor;
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{Axes, Constraint, ConstraintKind, ConstraintSpec, EPSILON, norms};
use crate::Result;
use crate::objects::from_config;

/// w / (‖w‖ + 1e-7), with a norm for each place of the other axes.
///
/// Source: Keras 3.15 `keras.constraints.UnitNorm`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct UnitNorm {
    /// The axes over which the norm is taken; default 0, a `Dense` unit's incoming weights.
    axis: Axes,
}

pub(super) static SPEC: ConstraintSpec = ConstraintSpec {
    class_name: "UnitNorm",
    module: "keras.constraints",
    aliases: &["unit_norm", "unitnorm"],
    from_config: |config| Ok(Arc::new(from_config::<UnitNorm>("UnitNorm", config, &[])?)),
    cases: &["{}", r#"{"axis": [0, 1]}"#],
};

crate::configured!(UnitNorm: ConstraintKind);

impl Constraint for UnitNorm {
    fn call(&self, weight: &Tensor) -> Result<Tensor> {
        Ok((weight / (norms(weight, &self.axis) + EPSILON)).checked()?)
    }
}
