use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::{Initializer, InitializerKind, InitializerSpec, draw};
use crate::objects::from_config;
use crate::{Error, Result};

/// The identity matrix times a gain; a matrix that is not square keeps ones on its diagonal.
///
/// Source: Keras 3.15 `keras.initializers.Identity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Identity {
    /// The number on the diagonal; default 1.
    gain: f64,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "Identity",
    module: "keras.initializers",
    aliases: &["identity", "IdentityInitializer"],
    from_config: |config| Ok(Arc::new(from_config::<Identity>("Identity", config, &[])?)),
    cases: &["{}", r#"{"gain": 0.5}"#],
};

crate::configured!(Identity: InitializerKind);

impl Default for Identity {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Initializer for Identity {
    fn array(&self, shape: &[usize], _key: Key) -> Result<Array> {
        let &[_, columns] = shape else {
            let received = format!("shape {shape:?}");
            return Err(Error::config("Identity", "shape", "two axes", received));
        };
        let mut array = draw::full(shape, 0.0)?;
        let diagonal = array.values_mut::<f32>()?.iter_mut().step_by(columns + 1);
        diagonal.take(columns).for_each(|place| *place = self.gain as f32);
        Ok(array)
    }
}
