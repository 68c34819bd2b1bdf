use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, conv_transpose, infer};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::kernel_window::{KernelWindow, kernel_window};
use super::{ImageDataFormat, Sizes};
use crate::activations::Activation;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope, WeightOptions};
use crate::objects::Configured;
use crate::regularizers::AnyRegularizer;
use crate::{Error, Result};

/// The transpose of a convolution, which spreads each place over a kernel's size; then bias and
/// activation: [`Conv1DTranspose`](super::Conv1DTranspose) and its kin.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct ConvolutionTranspose<const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// The number of channels of the output, at least 1.
    filters: usize,
    /// The kernel's size along each axis, at least 1.
    kernel_size: Sizes<RANK>,
    /// The step along each axis, at least 1; default 1. Above 1 only without dilation.
    strides: Sizes<RANK>,
    /// `valid`: all that the kernel reaches, (n − 1) · stride + maximum(size, stride) places. `same`:
    /// n · stride places. Default `valid`.
    padding: String,
    /// Places beyond (n − 1) · stride + size for `valid`, (n − 1) · stride + size mod 2 for `same`,
    /// less than the stride; default as `padding` says.
    output_padding: Option<Sizes<RANK>>,
    /// Where the channels stand; default the configured `image_data_format`.
    data_format: ImageDataFormat,
    /// The distance of the kernel's elements along each axis, at least 1; default 1.
    dilation_rate: Sizes<RANK>,
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

impl<const RANK: usize> Default for ConvolutionTranspose<RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            filters: 0,
            kernel_size: 0.into(),
            strides: 1.into(),
            padding: "valid".to_owned(),
            output_padding: None,
            data_format: ImageDataFormat::default(),
            dilation_rate: 1.into(),
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

impl<const RANK: usize> ConvolutionTranspose<RANK> {
    /// A layer with this many filters and a kernel of this size (one number for all axes, or one
    /// for each).
    pub fn new(filters: usize, kernel_size: impl Into<Sizes<RANK>>) -> Self {
        Self { filters, kernel_size: kernel_size.into(), ..Self::default() }
    }

    /// # Errors
    /// [`Error::Config`] when an element is not less than its stride, which Keras refuses.
    fn output_padding_below(&self, owner: &str) -> Result<()> {
        let Some(padding) = self.output_padding else { return Ok(()) };
        if padding.0.iter().zip(self.strides.0).all(|(padding, stride)| *padding < stride) {
            return Ok(());
        }
        let expected = format!("less than strides, {:?}", self.strides.0);
        Err(Error::config(owner, "output_padding", expected, format!("{:?}", padding.0)))
    }

    fn transposed(&self, x: &Tensor, kernel: &Tensor, window: &KernelWindow<RANK>) -> Tensor {
        let padding = self.output_padding.as_ref().map(|padding| padding.0.as_slice());
        conv_transpose(x, kernel, &window.options, padding)
    }
}

impl<const RANK: usize> Layer for ConvolutionTranspose<RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let window = kernel_window!(self, &inputs[0])?;
        window.check_filters(self.filters)?;
        window.check_strides_or_dilation()?;
        window.check_not_causal()?;
        self.output_padding_below(window.owner)?;
        let shape = window.kernel(self.filters, window.channels);
        let options = WeightOptions::new()
            .regularizer(self.kernel_regularizer.clone())
            .constraint(self.kernel_constraint.clone());
        scope.weight_with("kernel", &shape, self.kernel_initializer.clone(), options)?;
        if self.use_bias {
            let options = WeightOptions::new()
                .regularizer(self.bias_regularizer.clone())
                .constraint(self.bias_constraint.clone());
            scope.weight_with("bias", &[self.filters], self.bias_initializer.clone(), options)?;
        }
        let kernel = Spec::new(inputs[0].dtype, shape.as_slice());
        let outputs = infer(&[inputs[0].clone(), kernel], |given| {
            Ok(vec![self.transposed(&given[0], &given[1], &window)])
        })?;
        self.activation.build(scope, &outputs[0])
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let window = kernel_window!(self, inputs[0].spec())?;
        let result = self.transposed(&inputs[0], &cx.weight("kernel")?, &window);
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
