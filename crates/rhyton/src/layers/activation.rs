use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::activations::Activation;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;

/// An activation as a layer of its own.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.Activation`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct ActivationLayer {
    #[serde(skip)]
    common: Common,
    /// What is applied.
    activation: Activation,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Activation",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<ActivationLayer>("Activation", config, &[])?)),
    cases: &[r#"{"activation": "relu"}"#, r#"{"activation": "softmax"}"#],
};

crate::configured!(ActivationLayer: LayerKind, always "activation");

impl ActivationLayer {
    /// A layer that applies an activation, given by name, expression or value.
    pub fn new(activation: impl Into<Activation>) -> Self {
        Self { activation: activation.into(), ..Self::default() }
    }
}

impl Layer for ActivationLayer {
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
        Arc::new(Self { activation, ..self.clone() })
    }
}
