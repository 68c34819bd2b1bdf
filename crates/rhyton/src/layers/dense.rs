use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, matmul};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::activations::Activation;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerSpec, Outputs, Scope};
use crate::objects::{changed_config, from_config};
use crate::{Error, Result};

/// A fully connected layer: activation(input · kernel + bias).
///
/// # Shapes
/// `input: [batch, …, d_in]`, `output: [batch, …, units]`; weights `kernel: [d_in, units]`,
/// `bias: [units]`.
///
/// Source: Keras 3.15 `keras.layers.Dense`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Dense {
    #[serde(skip)]
    common: Common,
    /// The size of the output's last axis, at least 1.
    units: usize,
    /// Applied to the result; default linear.
    activation: Activation,
    /// Whether a bias is added; default true.
    use_bias: bool,
    /// How the kernel's first value is drawn; default `GlorotUniform`.
    kernel_initializer: AnyInitializer,
    /// How the bias' first value is drawn; default zeros.
    bias_initializer: AnyInitializer,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Dense",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Dense>("Dense", config, &[])?)),
    cases: &[
        r#"{"units": 4}"#,
        r#"{"units": 3, "activation": "relu", "use_bias": false}"#,
        r#"{"units": 5, "activation": "softmax", "kernel_initializer": "he_normal", "bias_initializer": "ones"}"#,
    ],
};

impl Default for Dense {
    fn default() -> Self {
        Self {
            common: Common::default(),
            units: 0,
            activation: Activation::linear(),
            use_bias: true,
            kernel_initializer: "glorot_uniform".into(),
            bias_initializer: "zeros".into(),
        }
    }
}

impl Dense {
    /// A layer with this many outputs.
    pub fn new(units: usize) -> Self {
        Self { units, ..Self::default() }
    }
}

impl Layer for Dense {
    fn spec(&self) -> &'static LayerSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        if self.units == 0 {
            return Err(Error::config("Dense", "units", "at least 1", 0));
        }
        let shape = &inputs[0].shape;
        let features = (shape.rank() >= 2).then(|| shape[shape.rank() - 1].fixed_size()).flatten();
        let Some(features) = features else {
            let expected = "at least two axes, the last of known size";
            return Err(Error::config("Dense", "input", expected, shape));
        };
        scope.weight("kernel", &[features, self.units], self.kernel_initializer.clone())?;
        if self.use_bias {
            scope.weight("bias", &[self.units], self.bias_initializer.clone())?;
        }
        let mut dims = shape.to_vec();
        dims.pop();
        dims.push(self.units.into());
        self.activation.build(scope, &inputs[0].with_shape(dims))
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let mut result = matmul(&inputs[0], &cx.weight("kernel")?);
        if self.use_bias {
            result = result + cx.weight("bias")?;
        }
        Ok(self.activation.call(cx, &result)?.into())
    }

    fn activation(&self) -> Option<&Activation> {
        Some(&self.activation)
    }

    fn with_activation(&self, activation: Activation) -> Arc<dyn Layer> {
        Arc::new(Self { activation, ..self.clone() })
    }
}
