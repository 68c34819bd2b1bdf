use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::initializers::Constant;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// x · gamma, a trained factor for each channel: the scale of a residual branch in `ConvNeXt`.
///
/// # Shapes
/// `input: [batch, …, projection_dim]`, `output`: the same; weight `gamma: [projection_dim]`.
///
/// Source: Keras 3.15 `keras.src.applications.convnext.LayerScale`; Touvron et al. 2021.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct LayerScale {
    #[serde(skip)]
    common: Common,
    /// First value of every factor; 1e-6 in `ConvNeXt`, the default.
    init_values: f64,
    /// The number of channels.
    projection_dim: usize,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "LayerScale",
    module: "keras.src.applications.convnext",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<LayerScale>("LayerScale", config, &[])?)),
    cases: &[r#"{"init_values": 0.3, "projection_dim": 3, "sample_shapes": [[2, 3]]}"#],
};

crate::configured!(LayerScale: LayerKind, always "init_values", "projection_dim");

impl Default for LayerScale {
    fn default() -> Self {
        Self { common: Common::default(), init_values: 1e-6, projection_dim: 1 }
    }
}

impl LayerScale {
    /// A layer for this many channels.
    pub fn new(projection_dim: usize) -> Self {
        Self { projection_dim, ..Self::default() }
    }
}

impl Layer for LayerScale {
    fn build(&self, scope: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        scope.weight("gamma", &[self.projection_dim], Constant::new(self.init_values))
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        Ok((&inputs[0] * cx.weight("gamma")?).into())
    }
}
