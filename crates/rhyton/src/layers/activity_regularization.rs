use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, absolute, cast, dimension, square, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// What comes in goes out; l1 · Σ|x| + l2 · Σx², divided by the batch size, is added to the loss.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.ActivityRegularization`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct ActivityRegularization {
    #[serde(skip)]
    common: Common,
    /// The weight of Σ|x|; default 0.
    l1: f64,
    /// The weight of Σx²; default 0.
    l2: f64,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "ActivityRegularization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<ActivityRegularization>("ActivityRegularization", config, &[])?))
    },
    cases: &["{}", r#"{"l1": 0.1, "l2": 0.01}"#],
};

crate::configured!(ActivityRegularization: LayerKind);

impl ActivityRegularization {
    /// A layer that adds nothing until `l1` or `l2` says how much.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for ActivityRegularization {
    fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        Ok(())
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        for (weight, term) in [(self.l1, absolute(x)), (self.l2, square(x))] {
            if weight != 0.0 {
                let samples = cast(&dimension(x, 0), x.dtype());
                cx.add_loss(sum(&term, None, false) * weight / samples);
            }
        }
        Ok(x.clone().into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
