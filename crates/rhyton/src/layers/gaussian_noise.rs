use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::dropout::check_share;
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// In training, x + a normal random number of this deviation for each element; else x.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.GaussianNoise`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct GaussianNoise {
    #[serde(skip)]
    common: Common,
    /// The standard deviation, from 0 to 1.
    stddev: f64,
    /// A seed of the layer's own; default the training's.
    seed: Option<u64>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GaussianNoise",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<GaussianNoise>("GaussianNoise", config, &[])?)),
    cases: &[r#"{"stddev": 0.5}"#, r#"{"stddev": 0.0}"#],
};

crate::configured!(GaussianNoise: LayerKind, always "stddev");

impl GaussianNoise {
    /// A layer that adds noise of this deviation.
    pub fn new(stddev: f64) -> Self {
        Self { stddev, ..Self::default() }
    }
}

impl Layer for GaussianNoise {
    fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        check_share("GaussianNoise", "stddev", self.stddev)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        if !cx.training || self.stddev == 0.0 {
            return Ok(x.clone().into());
        }
        let noise = cast(&cx.normal(x, self.seed)?, x.dtype());
        Ok((x + noise * self.stddev).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
