use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast, mean, reshape_to, rsqrt, square};
use rhyton_macros::Setters;
use rhyton_tensor::{DType, result_type};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, beside, signed, sizes};
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// x / √(mean of x² + epsilon) · scale, with the mean of each sample along one axis or several.
///
/// # Shapes
/// As the input; weight `scale`: the sizes of the axes.
///
/// Source: Keras 3.15 `keras.layers.RMSNormalization`; Zhang & Sennrich 2019.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct RMSNormalization {
    #[serde(skip)]
    common: Common,
    /// The axis or axes that the mean is taken along; default −1.
    axis: Axis,
    /// Added to the mean; default 1e-6.
    epsilon: f64,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "RMSNormalization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<RMSNormalization>("RMSNormalization", config, &[])?))
    },
    cases: &["{}", r#"{"epsilon": 0.01}"#, r#"{"axis": [1, 2]}"#],
};

crate::configured!(RMSNormalization: LayerKind);

impl Default for RMSNormalization {
    fn default() -> Self {
        Self { common: Common::default(), axis: Axis::One(-1), epsilon: 1e-6 }
    }
}

impl RMSNormalization {
    /// A layer along the last axis.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for RMSNormalization {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let shape = &inputs[0].shape;
        let sizes = sizes("RMSNormalization", shape, &self.axis.of("RMSNormalization", shape)?)?;
        scope.weight("scale", &sizes, "ones")
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = cast(&inputs[0], result_type(inputs[0].dtype(), DType::F32));
        let places = self.axis.of("RMSNormalization", x.shape())?;
        let factor = rsqrt(mean(&square(&x), Some(&signed(&places)), true) + self.epsilon);
        let scale = reshape_to(&cx.weight("scale")?, beside(x.shape(), &places));
        Ok(cast(&(x * factor * scale), inputs[0].dtype()).into())
    }
}
