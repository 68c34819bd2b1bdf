use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ActivationLayer;
use crate::activations::Activation;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, LayerValue, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// x above the threshold, but at most `max_value`; `negative_slope` · (x − threshold) elsewhere.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.ReLU`; Nair & Hinton 2010.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct ReLU {
    #[serde(skip)]
    common: Common,
    #[setters(skip)]
    max_value: Option<f64>,
    #[setters(skip)]
    negative_slope: f64,
    #[setters(skip)]
    threshold: f64,
    /// The activation with these parameters.
    #[serde(skip)]
    #[setters(skip)]
    activation: Activation,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "ReLU",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<ReLU>("ReLU", config, &[])?.bound())),
    cases: &[
        "{}",
        r#"{"max_value": 0.5}"#,
        r#"{"negative_slope": 0.1, "threshold": 0.25, "max_value": 0.75}"#,
    ],
};

crate::configured!(ReLU: LayerKind);

impl Default for ReLU {
    fn default() -> Self {
        let activation = Activation::from("relu");
        let common = Common::default();
        Self { common, max_value: None, negative_slope: 0.0, threshold: 0.0, activation }
    }
}

impl ReLU {
    /// max(x, 0).
    pub fn new() -> Self {
        Self::default()
    }

    /// The largest value, at least 0; default none.
    #[must_use]
    pub fn max_value(mut self, value: impl Into<Option<f64>>) -> Self {
        self.max_value = value.into();
        self.bound()
    }

    /// The slope below the threshold, at least 0; default 0.
    #[must_use]
    pub fn negative_slope(mut self, value: f64) -> Self {
        self.negative_slope = value;
        self.bound()
    }

    /// Where the positive side begins, at least 0; default 0.
    #[must_use]
    pub fn threshold(mut self, value: f64) -> Self {
        self.threshold = value;
        self.bound()
    }

    fn bound(mut self) -> Self {
        let parameters = [
            ("max_value", self.max_value.unwrap_or(f64::INFINITY)),
            ("negative_slope", self.negative_slope),
            ("threshold", self.threshold),
        ];
        self.activation = Activation::of("relu", &parameters);
        self
    }
}

impl Layer for ReLU {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let values = [
            ("max_value", self.max_value.unwrap_or(0.0)),
            ("negative_slope", self.negative_slope),
            ("threshold", self.threshold),
        ];
        if let Some((key, value)) = values.into_iter().find(|(_, value)| *value < 0.0) {
            return Err(Error::config("ReLU", key, "a number that is not negative", value));
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
