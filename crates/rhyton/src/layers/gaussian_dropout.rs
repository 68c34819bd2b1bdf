use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::dropout::check_rate;
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// In training, x · a normal random number of mean 1 and deviation √(rate / (1 − rate)) for each
/// element; else x.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.GaussianDropout`; Srivastava et al. 2014.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct GaussianDropout {
    #[serde(skip)]
    common: Common,
    /// The rate of the dropout with noise of this strength, from 0 to below 1.
    rate: f64,
    /// A seed of the layer's own; default the training's.
    seed: Option<u64>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GaussianDropout",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<GaussianDropout>("GaussianDropout", config, &[])?))
    },
    cases: &[r#"{"rate": 0.25}"#, r#"{"rate": 0.0}"#],
};

crate::configured!(GaussianDropout: LayerKind, always "rate");

impl GaussianDropout {
    /// A layer with the noise of a dropout of this rate.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }
}

impl Layer for GaussianDropout {
    fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        check_rate("GaussianDropout", self.rate)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        if !cx.training || self.rate == 0.0 {
            return Ok(x.clone().into());
        }
        let deviation = (self.rate / (1.0 - self.rate)).sqrt();
        let noise = cast(&cx.normal(x, self.seed)?, x.dtype());
        Ok((x * (noise * deviation + 1.0)).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
