use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ActivationLayer;
use crate::Result;
use crate::activations::Activation;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, LayerValue, Outputs, Scope};
use crate::objects::from_config;

/// x from 0 on, `alpha` · (eˣ − 1) below.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.ELU`; Clevert et al. 2015.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct ELU {
    #[serde(skip)]
    common: Common,
    #[setters(skip)]
    alpha: f64,
    /// The activation with this parameter.
    #[serde(skip)]
    #[setters(skip)]
    activation: Activation,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "ELU",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<ELU>("ELU", config, &[])?.bound())),
    cases: &["{}", r#"{"alpha": 0.75}"#],
};

crate::configured!(ELU: LayerKind);

impl Default for ELU {
    fn default() -> Self {
        let activation = Activation::default();
        Self { common: Common::default(), alpha: 1.0, activation }.bound()
    }
}

impl ELU {
    /// A layer with Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How far below 0 values go, the limit at −∞ negated; default 1.0.
    #[must_use]
    pub fn alpha(mut self, value: f64) -> Self {
        self.alpha = value;
        self.bound()
    }

    fn bound(mut self) -> Self {
        self.activation = Activation::of("elu", &[("alpha", self.alpha)]);
        self
    }
}

impl Layer for ELU {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
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
