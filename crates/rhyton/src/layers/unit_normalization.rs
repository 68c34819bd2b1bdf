use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, minimum, rsqrt, square, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::axis::{Axis, signed};
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// How far a vector's length may shrink before the layer stops stretching it.
const EPSILON: f64 = 1e-12;

/// x / √Σx² along one axis or several: vectors of length 1. Zeros stay zeros.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.UnitNormalization`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct UnitNormalization {
    #[serde(skip)]
    common: Common,
    /// The axis or axes that a vector lies along; default −1.
    axis: Axis,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "UnitNormalization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<UnitNormalization>("UnitNormalization", config, &[])?))
    },
    cases: &["{}", r#"{"axis": 1}"#, r#"{"axis": [1, 2], "sample_shapes": [[2, 3, 4]]}"#],
};

crate::configured!(UnitNormalization: LayerKind);

impl Default for UnitNormalization {
    fn default() -> Self {
        Self { common: Common::default(), axis: Axis::One(-1) }
    }
}

impl UnitNormalization {
    /// A layer that normalizes along the last axis.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for UnitNormalization {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        self.axis.of("UnitNormalization", &inputs[0].shape).map(drop)
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let axes = self.axis.of("UnitNormalization", inputs[0].shape())?;
        Ok(unit(&inputs[0], &axes, EPSILON).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

/// x stretched along axes to length 1, but at most 1/epsilon times.
pub(super) fn unit(x: &Tensor, axes: &[usize], epsilon: f64) -> Tensor {
    let squares = sum(&square(x), Some(&signed(axes)), true);
    x * minimum(rsqrt(squares), 1.0 / epsilon)
}
