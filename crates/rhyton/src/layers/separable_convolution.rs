use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, infer, separable_conv};
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

/// A convolution of every channel alone, then one of size 1 that mixes them, bias and activation:
/// [`SeparableConv1D`](super::SeparableConv1D) and its kin.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct SeparableConvolution<const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// The number of channels of the output, at least 1.
    filters: usize,
    /// The depthwise kernel's size along each axis, at least 1.
    kernel_size: Sizes<RANK>,
    /// The number of channels between for each input channel, at least 1; default 1.
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
    /// How the depthwise kernel's first value is drawn; default `GlorotUniform`.
    depthwise_initializer: AnyInitializer,
    /// How the pointwise kernel's first value is drawn; default `GlorotUniform`.
    pointwise_initializer: AnyInitializer,
    /// How the bias' first value is drawn; default zeros.
    bias_initializer: AnyInitializer,
    /// What the depthwise kernel adds to the loss; default nothing.
    depthwise_regularizer: Option<AnyRegularizer>,
    /// What the pointwise kernel adds to the loss; default nothing.
    pointwise_regularizer: Option<AnyRegularizer>,
    /// What the bias adds to the loss; default nothing.
    bias_regularizer: Option<AnyRegularizer>,
    /// What the output adds to the loss, divided by the batch's size; default nothing.
    activity_regularizer: Option<AnyRegularizer>,
    /// What becomes of the depthwise kernel after each step of training; default itself.
    depthwise_constraint: Option<AnyConstraint>,
    /// What becomes of the pointwise kernel after each step of training; default itself.
    pointwise_constraint: Option<AnyConstraint>,
    /// What becomes of the bias after each step of training; default itself.
    bias_constraint: Option<AnyConstraint>,
}

impl<const RANK: usize> Default for SeparableConvolution<RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            filters: 0,
            kernel_size: 0.into(),
            depth_multiplier: 1,
            strides: 1.into(),
            padding: "valid".to_owned(),
            data_format: ImageDataFormat::default(),
            dilation_rate: 1.into(),
            activation: Activation::linear(),
            use_bias: true,
            depthwise_initializer: "glorot_uniform".into(),
            pointwise_initializer: "glorot_uniform".into(),
            bias_initializer: "zeros".into(),
            depthwise_regularizer: None,
            pointwise_regularizer: None,
            bias_regularizer: None,
            activity_regularizer: None,
            depthwise_constraint: None,
            pointwise_constraint: None,
            bias_constraint: None,
        }
    }
}

impl<const RANK: usize> SeparableConvolution<RANK> {
    /// A layer with this many filters and a kernel of this size (one number for all axes, or one
    /// for each).
    pub fn new(filters: usize, kernel_size: impl Into<Sizes<RANK>>) -> Self {
        Self { filters, kernel_size: kernel_size.into(), ..Self::default() }
    }
}

impl<const RANK: usize> Layer for SeparableConvolution<RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let window = kernel_window!(self, &inputs[0])?;
        window.check_not_causal()?;
        window.check_inside()?;
        window.check_filters(self.filters)?;
        window.check_multiplier(self.depth_multiplier)?;
        let depthwise = window.kernel(window.channels, self.depth_multiplier);
        let options = WeightOptions::new()
            .regularizer(self.depthwise_regularizer.clone())
            .constraint(self.depthwise_constraint.clone());
        let initializer = self.depthwise_initializer.clone();
        scope.weight_with("depthwise_kernel", &depthwise, initializer, options)?;
        let mut pointwise = vec![1; RANK];
        pointwise.extend([window.channels * self.depth_multiplier, self.filters]);
        let options = WeightOptions::new()
            .regularizer(self.pointwise_regularizer.clone())
            .constraint(self.pointwise_constraint.clone());
        let initializer = self.pointwise_initializer.clone();
        scope.weight_with("pointwise_kernel", &pointwise, initializer, options)?;
        if self.use_bias {
            let options = WeightOptions::new()
                .regularizer(self.bias_regularizer.clone())
                .constraint(self.bias_constraint.clone());
            scope.weight_with("bias", &[self.filters], self.bias_initializer.clone(), options)?;
        }
        let kernel = |shape: &[usize]| Spec::new(inputs[0].dtype, shape);
        let given = [inputs[0].clone(), kernel(&depthwise), kernel(&pointwise)];
        let outputs = infer(&given, |given| {
            Ok(vec![separable_conv(&given[0], &given[1], &given[2], &window.options)])
        })?;
        self.activation.build(scope, &outputs[0])
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let window = kernel_window!(self, inputs[0].spec())?;
        let (depthwise, pointwise) =
            (cx.weight("depthwise_kernel")?, cx.weight("pointwise_kernel")?);
        let result = separable_conv(&inputs[0], &depthwise, &pointwise, &window.options);
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
