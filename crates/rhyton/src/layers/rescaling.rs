use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::numbers::Numbers;
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// x · scale + offset; integers as float32.
///
/// # Shapes
/// As the input; `scale` and `offset` are numbers or arrays that broadcast against it.
///
/// Source: Keras 3.15 `keras.layers.Rescaling`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Rescaling {
    #[serde(skip)]
    common: Common,
    /// What multiplies.
    scale: Numbers,
    /// What is added; default 0.
    offset: Numbers,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Rescaling",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Rescaling>("Rescaling", config, &[])?)),
    cases: &[
        r#"{"scale": 0.25, "offset": 0.0}"#,
        r#"{"scale": 2, "offset": -1}"#,
        r#"{"scale": [0.5, 1, 2, 4], "offset": [1, 2, 3, 4]}"#,
    ],
};

// Keras can't read the layer without either key.
crate::configured!(Rescaling: LayerKind, always "scale", "offset");

impl Default for Rescaling {
    fn default() -> Self {
        Self { common: Common::default(), scale: 1.0.into(), offset: 0.0.into() }
    }
}

impl Rescaling {
    /// A layer that multiplies by a number, or by several along the last axis.
    pub fn new(scale: impl Into<Numbers>) -> Self {
        Self { scale: scale.into(), ..Self::default() }
    }
}

impl Layer for Rescaling {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        for numbers in [&self.scale, &self.offset] {
            inputs[0].shape.broadcast("Rescaling", &numbers.shape().into())?;
        }
        Ok(())
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let x = if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
        let (scale, offset) = (self.scale.constant(cx, &x)?, self.offset.constant(cx, &x)?);
        Ok((&x * scale + offset).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
