use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast, maximum, rsqrt, square, sum};
use rhyton_macros::Setters;
use rhyton_tensor::{DType, result_type};
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
    // float16 has no number as small as ε².
    let precise = cast(x, result_type(x.dtype(), DType::F32));
    let squares = sum(&square(&precise), Some(&signed(axes)), true);
    // Kept from 0 before the root, whose slope there is infinite.
    let stretch = rsqrt(maximum(squares, epsilon * epsilon));
    cast(&(precise * stretch), x.dtype())
}

#[cfg(test)]
mod tests {
    use rhyton_graph::{Tracer, gradients};
    use rhyton_tensor::Array;

    use super::*;

    /// Keras' own gradient of a row of zeros is infinite or no number.
    #[test]
    fn a_row_of_zeros_has_a_gradient() {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let tracer = Tracer::new(Vec::new().into());
            let x = tracer.input("x", Spec::new(dtype, rhyton_graph::Shape::fixed(&[2, 2])));
            let y = unit(&x, &[1], EPSILON);
            let slope = gradients(&sum(&(&y * &y), None, false), &[&x]).unwrap().remove(0);
            tracer.output("y", &y).unwrap();
            tracer.output("slope", &slope).unwrap();
            let given = Array::from_slice(&[2, 2], &[0.0_f32, 0.0, 3.0, 4.0]).unwrap().cast(dtype);
            let graph = tracer.finish();
            let outputs = rhyton_graph::interpret(&graph, &[&given]).unwrap();
            let y = outputs[0].to_f64();
            assert!((y[2] - 0.6).abs() < 0.01 && (y[3] - 0.8).abs() < 0.01, "{dtype}: {y:?}");
            assert_eq!(&y[..2], &[0.0, 0.0], "{dtype}");
            let slope = outputs[1].to_f64();
            assert!(slope.iter().all(|slope| slope.abs() < 0.01), "{dtype}: {slope:?}");
        }
    }
}
