use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ActivationLayer;
use crate::activations::Activation;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, LayerValue, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// x above 0, `negative_slope` · x elsewhere.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.LeakyReLU`; Maas et al. 2013.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct LeakyReLU {
    #[serde(skip)]
    common: Common,
    #[setters(skip)]
    negative_slope: f64,
    /// The activation with this parameter.
    #[serde(skip)]
    #[setters(skip)]
    activation: Activation,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "LeakyReLU",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        // Keras 2 calls the slope alpha.
        let config = crate::objects::renamed_key(config, "alpha", "negative_slope");
        Ok(Arc::new(from_config::<LeakyReLU>("LeakyReLU", config, &[])?.bound()))
    },
    cases: &["{}", r#"{"negative_slope": 0.75}"#],
};

crate::configured!(LeakyReLU: LayerKind);

impl Default for LeakyReLU {
    fn default() -> Self {
        let activation = Activation::default();
        Self { common: Common::default(), negative_slope: 0.3, activation }.bound()
    }
}

impl LeakyReLU {
    /// A layer with Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The slope below 0, at least 0; default 0.3.
    #[must_use]
    pub fn negative_slope(mut self, value: f64) -> Self {
        self.negative_slope = value;
        self.bound()
    }

    fn bound(mut self) -> Self {
        self.activation = Activation::of("leaky_relu", &[("negative_slope", self.negative_slope)]);
        self
    }
}

impl Layer for LeakyReLU {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        if self.negative_slope < 0.0 {
            let (key, expected) = ("negative_slope", "a number that is not negative");
            return Err(Error::config("LeakyReLU", key, expected, self.negative_slope));
        }
        self.activation.build(scope, &inputs[0])
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        Ok(self.activation.call(cx, &inputs[0])?.into())
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn activation(&self) -> Option<&Activation> {
        Some(&self.activation)
    }

    fn with_activation(&self, activation: Activation) -> Arc<dyn Layer> {
        ActivationLayer::new(activation).to_arc()
    }
}
