use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, exp, greater, logsumexp, where_};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::ActivationLayer;
use super::axis::{Axis, signed};
use crate::activations::Activation;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, LayerValue, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// What stands in a masked place before the exponential.
const MASKED: f64 = -1e9;
/// The same in float16.
const MASKED_HALF: f64 = -3e4;

/// eˣ / Σ eˣ along one axis or several.
///
/// A mask, which comes with the input or as the argument `mask`, leaves elements out: they become
/// 0. It broadcasts against the input; numbers above 0.5 count as true.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.Softmax`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Softmax {
    #[serde(skip)]
    common: Common,
    #[setters(skip)]
    axis: Axis,
    /// The activation along one axis; unused for several.
    #[serde(skip)]
    #[setters(skip)]
    activation: Activation,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Softmax",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Softmax>("Softmax", config, &[])?.bound())),
    cases: &["{}", r#"{"axis": 1}"#, r#"{"axis": [1, 2], "sample_shapes": [[2, 3, 2]]}"#],
};

crate::configured!(Softmax: LayerKind);

impl Default for Softmax {
    fn default() -> Self {
        let activation = Activation::of("softmax", &[]);
        Self { common: Common::default(), axis: Axis::One(-1), activation }
    }
}

impl Softmax {
    /// A layer along the last axis.
    pub fn new() -> Self {
        Self::default()
    }

    /// The axis or axes whose elements add up to 1; default −1.
    #[must_use]
    pub fn axis(mut self, value: impl Into<Axis>) -> Self {
        self.axis = value.into();
        self.bound()
    }

    fn bound(mut self) -> Self {
        if let [axis] = self.axis.list() {
            self.activation = Activation::of("softmax", &[("axis", *axis as f64)]);
        }
        self
    }

    fn apply(&self, cx: &mut Call<'_>, x: &Tensor) -> Result<Tensor> {
        if self.axis.list().len() == 1 {
            return self.activation.call(cx, x);
        }
        let axes = signed(&self.axis.of("Softmax", x.shape())?);
        Ok(exp(x - logsumexp(x, Some(&axes), true)))
    }
}

/// The mask as truth values, if it broadcasts against the input without stretching it.
fn truth(mask: &Tensor, x: &Tensor) -> Result<Tensor> {
    if mask.shape().broadcast("Softmax", x.shape())? != *x.shape() {
        let expected = format!("a shape that broadcasts to {}", x.shape());
        return Err(Error::config("Softmax", "mask", expected, mask.shape()));
    }
    Ok(if mask.dtype() == DType::Bool { mask.clone() } else { greater(mask, 0.5) })
}

impl Layer for Softmax {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        if self.axis.of("Softmax", &inputs[0].shape)?.is_empty() {
            return Err(Error::config("Softmax", "axis", "at least one axis", "[]"));
        }
        self.activation.build(scope, &inputs[0])
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let Some(mask) = cx.given_mask().cloned() else {
            return Ok(self.apply(cx, x)?.into());
        };
        let mask = truth(&mask, x)?;
        let low = if x.dtype() == DType::F16 { MASKED_HALF } else { MASKED };
        let result = self.apply(cx, &where_(&mask, x, low))?;
        Ok(where_(&mask, result, 0.0).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn activation(&self) -> Option<&Activation> {
        (self.axis.list().len() == 1).then_some(&self.activation)
    }

    fn with_activation(&self, activation: Activation) -> Arc<dyn Layer> {
        ActivationLayer::new(activation).to_arc()
    }
}
