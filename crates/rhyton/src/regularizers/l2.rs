use std::sync::Arc;

use rhyton_graph::{Tensor, square, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{Regularizer, RegularizerKind, RegularizerSpec, factor};
use crate::Result;
use crate::objects::from_config;

/// l2 · Σx².
///
/// Source: Keras 3.15 `keras.regularizers.L2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct L2 {
    /// How much the sum counts, at least 0; default 0.01.
    l2: f64,
}

pub(super) static SPEC: RegularizerSpec = RegularizerSpec {
    class_name: "L2",
    module: "keras.regularizers",
    aliases: &["l2"],
    from_config: |config| {
        let regularizer = from_config::<L2>("L2", config, &[])?;
        factor("L2", "l2", regularizer.l2)?;
        Ok(Arc::new(regularizer))
    },
    cases: &["{}", r#"{"l2": 0.2}"#],
};

crate::configured!(L2: RegularizerKind);

impl Default for L2 {
    fn default() -> Self {
        Self { l2: 0.01 }
    }
}

impl L2 {
    /// A penalty of this much for each squared unit.
    pub fn new(l2: f64) -> Self {
        Self { l2 }
    }
}

impl Regularizer for L2 {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        Ok((sum(&square(x), None, false) * factor("L2", "l2", self.l2)?).checked()?)
    }
}
