use std::sync::Arc;

use rhyton_graph::{Tensor, maximum};
use serde::{Deserialize, Serialize};

use super::{Constraint, ConstraintKind, ConstraintSpec};
use crate::Result;
use crate::objects::from_config;

/// max(w, 0).
///
/// Source: Keras 3.15 `keras.constraints.NonNeg`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NonNeg {}

pub(super) static SPEC: ConstraintSpec = ConstraintSpec {
    class_name: "NonNeg",
    module: "keras.constraints",
    aliases: &["non_neg", "nonneg"],
    from_config: |config| Ok(Arc::new(from_config::<NonNeg>("NonNeg", config, &[])?)),
    cases: &["{}"],
};

crate::configured!(NonNeg: ConstraintKind);

impl Constraint for NonNeg {
    fn call(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(maximum(weight, 0).checked()?)
    }
}
