use std::sync::Arc;

use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::{Initializer, InitializerKind, InitializerSpec, draw};
use crate::Result;
use crate::objects::from_config;

/// 0 in every place.
///
/// Source: Keras 3.15 `keras.initializers.Zeros`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zeros {}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "Zeros",
    module: "keras.initializers",
    aliases: &["zeros", "zero"],
    from_config: |config| Ok(Arc::new(from_config::<Zeros>("Zeros", config, &[])?)),
    cases: &["{}"],
};

crate::configured!(Zeros: InitializerKind);

impl Initializer for Zeros {
    fn array(&self, shape: &[usize], _key: Key) -> Result<Array> {
        draw::full(shape, 0.0)
    }
}
