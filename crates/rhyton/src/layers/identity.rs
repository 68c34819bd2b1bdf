use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// What comes in goes out: a place to name or to fill later.
///
/// # Shapes
/// `input: [batch, …]`, `output`: the same.
///
/// Source: Keras 3.15 `keras.layers.Identity`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Identity {
    #[serde(skip)]
    common: Common,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Identity",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Identity>("Identity", config, &[])?)),
    cases: &["{}"],
};

crate::configured!(Identity: LayerKind);

impl Identity {
    /// A layer that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for Identity {
    fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        Ok(())
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        Ok(inputs[0].clone().into())
    }
    fn supports_masking(&self) -> bool {
        true
    }
}
