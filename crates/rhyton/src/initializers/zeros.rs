use std::sync::Arc;

use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Initializer, InitializerSpec, draw};
use crate::Result;
use crate::objects::{changed_config, from_config};

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

impl Initializer for Zeros {
    fn spec(&self) -> &'static InitializerSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn array(&self, shape: &[usize], _key: Key) -> Result<Array> {
        draw::full(shape, 0.0)
    }
}
