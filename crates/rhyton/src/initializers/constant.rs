use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::{Initializer, InitializerKind, InitializerSpec, draw};
use crate::Result;
use crate::objects::from_config;

/// One number in every place.
///
/// Source: Keras 3.15 `keras.initializers.Constant` (which also takes arrays; this takes a number).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Constant {
    /// The number; default 0.
    value: f64,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "Constant",
    module: "keras.initializers",
    aliases: &["constant"],
    from_config: |config| Ok(Arc::new(from_config::<Constant>("Constant", config, &[])?)),
    cases: &["{}", r#"{"value": 0.25}"#],
};

crate::configured!(Constant: InitializerKind);

impl Constant {
    /// This number in every place.
    pub fn new(value: f64) -> Self {
        Self { value }
    }
}

impl Initializer for Constant {
    fn array(&self, shape: &[usize], _key: Key) -> Result<Array> {
        draw::full(shape, self.value)
    }
}
