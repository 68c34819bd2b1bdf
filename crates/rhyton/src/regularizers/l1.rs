use std::sync::Arc;

use rhyton_graph::{Tensor, absolute, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{Regularizer, RegularizerKind, RegularizerSpec, factor};
use crate::Result;
use crate::objects::from_config;

/// l1 · Σ|x|.
///
/// Source: Keras 3.15 `keras.regularizers.L1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct L1 {
    /// How much the sum counts, at least 0; default 0.01.
    l1: f64,
}

pub(super) static SPEC: RegularizerSpec = RegularizerSpec {
    class_name: "L1",
    module: "keras.regularizers",
    aliases: &["l1"],
    from_config: |config| {
        let regularizer = from_config::<L1>("L1", config, &[])?;
        factor("L1", "l1", regularizer.l1)?;
        Ok(Arc::new(regularizer))
    },
    cases: &["{}", r#"{"l1": 0.3}"#],
};

crate::configured!(L1: RegularizerKind);

impl Default for L1 {
    fn default() -> Self {
        Self { l1: 0.01 }
    }
}

impl L1 {
    /// A penalty of this much for each unit.
    pub fn new(l1: f64) -> Self {
        Self { l1 }
    }
}

impl Regularizer for L1 {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        Ok((sum(&absolute(x), None, false) * factor("L1", "l1", self.l1)?).checked()?)
    }
}
