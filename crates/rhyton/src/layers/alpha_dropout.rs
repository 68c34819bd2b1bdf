use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::dropout::{check_rate, kept, pattern};
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// What selu gives at −∞, −alpha · scale: where a dropped element goes.
const LOW: f64 = -1.673_263_242_354_377_2 * 1.050_700_987_355_480_5;

/// In training, some elements become selu's limit at −∞, then all are scaled and shifted so that
/// mean 0 and variance 1 stay; else x.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.AlphaDropout`; Klambauer et al. 2017.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct AlphaDropout {
    #[serde(skip)]
    common: Common,
    /// The probability of a drop, from 0 to below 1.
    rate: f64,
    /// The shape of the pattern: an axis with size 1 drops as a whole; default the input's shape.
    noise_shape: Option<Vec<Option<usize>>>,
    /// A seed of the layer's own; default the training's.
    seed: Option<u64>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "AlphaDropout",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<AlphaDropout>("AlphaDropout", config, &[])?)),
    cases: &[
        r#"{"rate": 0.25}"#,
        r#"{"rate": 0.5, "noise_shape": [null, 1, null]}"#,
        r#"{"rate": 0.0}"#,
    ],
};

crate::configured!(AlphaDropout: LayerKind, always "rate");

impl AlphaDropout {
    /// A layer that drops each element with this probability.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }
}

impl Layer for AlphaDropout {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        check_rate("AlphaDropout", self.rate)?;
        pattern("AlphaDropout", self.noise_shape.as_deref(), &inputs[0].shape).map(drop)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        if !cx.training || self.rate == 0.0 {
            return Ok(x.clone().into());
        }
        let shape = pattern("AlphaDropout", self.noise_shape.as_deref(), x.shape())?;
        let kept = kept(cx, x, &shape, (self.rate, self.seed))?;
        let scale = ((1.0 - self.rate) * (1.0 + self.rate * LOW.powi(2))).powf(-0.5);
        let shift = -scale * LOW * self.rate;
        Ok((where_(&kept, x, LOW) * scale + shift).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
