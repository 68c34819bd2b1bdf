use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, depthwise_conv, infer};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::kernel_window::kernel_window;
use super::{ImageDataFormat, Sizes};
use crate::Result;
use crate::activations::Activation;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope, WeightOptions};
use crate::objects::Configured;
use crate::regularizers::AnyRegularizer;

/// A convolution of every channel alone, then bias and activation:
/// [`DepthwiseConv1D`](super::DepthwiseConv1D) and its kin.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct DepthwiseConvolution<const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// The kernel's size along each axis, at least 1.
    kernel_size: Sizes<RANK>,
    /// The number of output channels for each input channel, at least 1; default 1.
    depth_multiplier: usize,
    /// The step along each axis, at least 1; default 1.
    strides: Sizes<RANK>,
    /// `valid`: only places where the kernel lies inside. `same`: zeros around, so that strides of 1
    /// keep the size. Default `valid`.
    padding: String,
    /// Where the channels stand; default the configured `image_data_format`.
    data_format: ImageDataFormat,
    /// The distance of the kernel's elements along each axis, at least 1; default 1.
    dilation_rate: Sizes<RANK>,
    /// Applied to the result; default linear.
    activation: Activation,
    /// Whether a bias is added; default true.
    use_bias: bool,
    /// How the kernel's first value is drawn; default `GlorotUniform`.
    depthwise_initializer: AnyInitializer,
    /// How the bias' first value is drawn; default zeros.
    bias_initializer: AnyInitializer,
    /// What the kernel adds to the loss; default nothing.
    depthwise_regularizer: Option<AnyRegularizer>,
    /// What the bias adds to the loss; default nothing.
    bias_regularizer: Option<AnyRegularizer>,
    /// What the output adds to the loss, divided by the batch's size; default nothing.
    activity_regularizer: Option<AnyRegularizer>,
    /// What becomes of the kernel after each step of training; default itself.
    depthwise_constraint: Option<AnyConstraint>,
    /// What becomes of the bias after each step of training; default itself.
    bias_constraint: Option<AnyConstraint>,
}

impl<const RANK: usize> Default for DepthwiseConvolution<RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            kernel_size: 0.into(),
            depth_multiplier: 1,
            strides: 1.into(),
            padding: "valid".to_owned(),
            data_format: ImageDataFormat::default(),
            dilation_rate: 1.into(),
            activation: Activation::linear(),
            use_bias: true,
            depthwise_initializer: "glorot_uniform".into(),
            bias_initializer: "zeros".into(),
            depthwise_regularizer: None,
            bias_regularizer: None,
            activity_regularizer: None,
            depthwise_constraint: None,
            bias_constraint: None,
        }
    }
}

impl<const RANK: usize> DepthwiseConvolution<RANK> {
    /// A layer with a kernel of this size (one number for all axes, or one for each).
    pub fn new(kernel_size: impl Into<Sizes<RANK>>) -> Self {
        Self { kernel_size: kernel_size.into(), ..Self::default() }
    }
}

impl<const RANK: usize> Layer for DepthwiseConvolution<RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let window = kernel_window!(self, &inputs[0])?;
        window.check_not_causal()?;
        window.check_inside()?;
        window.check_multiplier(self.depth_multiplier)?;
        let shape = window.kernel(window.channels, self.depth_multiplier);
        let options = WeightOptions::new()
            .regularizer(self.depthwise_regularizer.clone())
            .constraint(self.depthwise_constraint.clone());
        scope.weight_with("kernel", &shape, self.depthwise_initializer.clone(), options)?;
        if self.use_bias {
            let options = WeightOptions::new()
                .regularizer(self.bias_regularizer.clone())
                .constraint(self.bias_constraint.clone());
            let filters = window.channels * self.depth_multiplier;
            scope.weight_with("bias", &[filters], self.bias_initializer.clone(), options)?;
        }
        let kernel = Spec::new(inputs[0].dtype, shape.as_slice());
        let outputs = infer(&[inputs[0].clone(), kernel], |given| {
            Ok(vec![depthwise_conv(&given[0], &given[1], &window.options)])
        })?;
        self.activation.build(scope, &outputs[0])
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let window = kernel_window!(self, inputs[0].spec())?;
        let result = depthwise_conv(&inputs[0], &cx.weight("kernel")?, &window.options);
        let result = if self.use_bias { window.biased(cx, &result)? } else { result };
        Ok(self.activation.call(cx, &result)?.into())
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
