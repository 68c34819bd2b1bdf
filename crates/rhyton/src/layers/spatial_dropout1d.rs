use std::sync::Arc;

use rhyton_graph::{Shape, Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ImageDataFormat;
use super::dropout::{channels_alone, check_share, dropped};
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// Dropout of whole channels: in training a channel of a sample is 0 with probability `rate`, and
/// the others are divided by 1 − rate; else x.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output`: the same.
///
/// Source: Keras 3.15 `keras.layers.SpatialDropout1D`; Tompson et al. 2014.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct SpatialDropout1D {
    #[serde(skip)]
    common: Common,
    /// The probability of a 0, from 0 to 1.
    rate: f64,
    /// A seed of the layer's own; default the training's.
    seed: Option<u64>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "SpatialDropout1D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<SpatialDropout1D>("SpatialDropout1D", config, &[])?))
    },
    cases: &[
        r#"{"rate": 0.5, "sample_shapes": [[3, 4]]}"#,
        r#"{"rate": 0.0, "sample_shapes": [[3, 4]]}"#,
    ],
};

crate::configured!(SpatialDropout1D: LayerKind, always "rate");

impl SpatialDropout1D {
    /// A layer that drops each channel with this probability.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }

    fn pattern(shape: &Shape) -> Result<Shape> {
        channels_alone("SpatialDropout1D", 1, &ImageDataFormat::channels_last(), shape)
    }
}

impl Layer for SpatialDropout1D {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        check_share("SpatialDropout1D", "rate", self.rate)?;
        Self::pattern(&inputs[0].shape).map(drop)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        Ok(dropped(cx, x, &Self::pattern(x.shape())?, (self.rate, self.seed))?.into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
