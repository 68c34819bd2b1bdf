use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, matmul};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::activations::Activation;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions};
use crate::objects::from_config;
use crate::regularizers::AnyRegularizer;
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
    /// What the kernel adds to the loss; default nothing.
    kernel_regularizer: Option<AnyRegularizer>,
    /// What the bias adds to the loss; default nothing.
    bias_regularizer: Option<AnyRegularizer>,
    /// What the output adds to the loss, divided by the batch's size; default nothing.
    activity_regularizer: Option<AnyRegularizer>,
    /// What becomes of the kernel after each step of training; default itself.
    kernel_constraint: Option<AnyConstraint>,
    /// What becomes of the bias after each step of training; default itself.
    bias_constraint: Option<AnyConstraint>,
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
        r#"{"units": 3, "kernel_regularizer": "l1", "bias_regularizer": {"class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}}, "activity_regularizer": "l2"}"#,
        r#"{"units": 3, "kernel_constraint": "max_norm", "bias_constraint": {"class_name": "MinMaxNorm", "config": {"max_value": 0.5}}, "bias_initializer": "ones"}"#,
    ],
};

crate::configured!(Dense: LayerKind);

impl Default for Dense {
    fn default() -> Self {
        Self {
            common: Common::default(),
            units: 0,
            activation: Activation::linear(),
            use_bias: true,
            kernel_initializer: "glorot_uniform".into(),
            bias_initializer: "zeros".into(),
            kernel_regularizer: None,
            bias_regularizer: None,
            activity_regularizer: None,
            kernel_constraint: None,
            bias_constraint: None,
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
        let options = WeightOptions::new()
            .regularizer(self.kernel_regularizer.clone())
            .constraint(self.kernel_constraint.clone());
        let shape_of_kernel = [features, self.units];
        scope.weight_with("kernel", &shape_of_kernel, self.kernel_initializer.clone(), options)?;
        if self.use_bias {
            let options = WeightOptions::new()
                .regularizer(self.bias_regularizer.clone())
                .constraint(self.bias_constraint.clone());
            scope.weight_with("bias", &[self.units], self.bias_initializer.clone(), options)?;
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

    fn supports_masking(&self) -> bool {
        true
    }

    fn activation(&self) -> Option<&Activation> {
        Some(&self.activation)
    }

    fn activity_regularizer(&self) -> Option<&AnyRegularizer> {
        self.activity_regularizer.as_ref()
    }

    fn with_activation(&self, activation: Activation) -> Arc<dyn Layer> {
        Arc::new(Self { activation, ..self.clone() })
    }
}
