use std::sync::Arc;

use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::{Initializer, InitializerKind, InitializerSpec, draw};
use crate::Result;
use crate::objects::from_config;

/// 1 in every place.
///
/// Source: Keras 3.15 `keras.initializers.Ones`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ones {}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "Ones",
    module: "keras.initializers",
    aliases: &["ones", "one"],
    from_config: |config| Ok(Arc::new(from_config::<Ones>("Ones", config, &[])?)),
    cases: &["{}"],
};

crate::configured!(Ones: InitializerKind);

impl Initializer for Ones {
    fn array(&self, shape: &[usize], _key: Key) -> Result<Array> {
        draw::full(shape, 1.0)
    }
}
