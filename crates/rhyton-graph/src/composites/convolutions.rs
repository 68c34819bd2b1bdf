use super::shaping::{cast, reshape_to};
use super::spatial::{Options, amounts, spatial_sizes};
use crate::{
    Argument, Arguments, Composite, Convolution, ConvolutionInputGradient, ConvolutionWindow,
    DataFormat, Dim, Error, Operation, Padding, Result, Shape, Tensor,
};

/// Keras' convolutions.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { class_name: "Conv", module: "keras.src.ops.nn", call: Composite::One(call_conv) },
    Operation {
        class_name: "DepthwiseConv",
        module: "keras.src.ops.nn",
        call: Composite::One(call_depthwise),
    },
    Operation {
        class_name: "SeparableConv",
        module: "keras.src.ops.nn",
        call: Composite::One(call_separable),
    },
    Operation {
        class_name: "ConvTranspose",
        module: "keras.src.ops.nn",
        call: Composite::One(call_transpose),
    },
];

/// How a kernel slides over the spatial axes of its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ConvOptions {
    /// The step along each spatial axis; one number stands for all, none for 1.
    pub strides: Vec<usize>,
    /// What stands around the inputs.
    pub padding: Padding,
    /// Where channels stand, in the inputs and in the result.
    pub data_format: DataFormat,
    /// The distance between a kernel's elements along each axis; one stands for all, none for 1.
    pub dilation_rate: Vec<usize>,
}

impl ConvOptions {
    fn on(&self, arguments: Arguments) -> Arguments {
        let steps = |given: &[usize]| match given {
            [] => Argument::Integer(1),
            given => amounts(given),
        };
        arguments
            .with("strides", steps(&self.strides))
            .with("padding", Argument::Text(self.padding.name().to_owned()))
            .with("data_format", Argument::Text(self.data_format.name().to_owned()))
            .with("dilation_rate", steps(&self.dilation_rate))
    }
}

/// The cross-correlation of inputs `[batch, spatial…, c_in]` with a kernel
/// `[spatial…, c_in / groups, filters]`; the number of groups follows from the shapes.
///
/// # Shapes
/// `[batch, windows…, filters]`: ⌊(n − (k − 1)·dilation − 1) / stride⌋ + 1 windows for `valid`,
/// ⌈n / stride⌉ for `same` and `causal`. With `channels_first`, channels follow the batch axis.
///
/// Source: `keras.ops.conv` of Keras 3.15.
#[track_caller]
pub fn conv(inputs: &Tensor, kernel: &Tensor, options: &ConvOptions) -> Tensor {
    let operands = Arguments::of([inputs.to_argument(), kernel.to_argument()]);
    OPERATIONS[0].apply(options.on(operands))
}

/// A convolution of every channel alone: kernel `[spatial…, c_in, multiplier]`, result
/// `[batch, windows…, c_in · multiplier]` with the results of one channel side by side.
///
/// Source: `keras.ops.depthwise_conv` of Keras 3.15.
#[track_caller]
pub fn depthwise_conv(inputs: &Tensor, kernel: &Tensor, options: &ConvOptions) -> Tensor {
    let operands = Arguments::of([inputs.to_argument(), kernel.to_argument()]);
    OPERATIONS[1].apply(options.on(operands))
}

/// [`depthwise_conv`] with the first kernel, then [`conv`] with the second, whose spatial sizes
/// are 1.
///
/// Source: `keras.ops.separable_conv` of Keras 3.15.
#[track_caller]
pub fn separable_conv(
    inputs: &Tensor,
    depthwise_kernel: &Tensor,
    pointwise_kernel: &Tensor,
    options: &ConvOptions,
) -> Tensor {
    let kernels = [depthwise_kernel, pointwise_kernel].map(Tensor::to_argument);
    let [depthwise, pointwise] = kernels;
    let operands = Arguments::of([inputs.to_argument(), depthwise, pointwise]);
    OPERATIONS[2].apply(options.on(operands))
}

/// The transpose of a convolution, with kernel `[spatial…, filters, c_in]`.
///
/// # Shapes
/// With e = (k − 1)·dilation + 1, an axis of n elements becomes (n − 1)·stride + maximum(e, stride)
/// for `valid`, n·stride for `same`; with `output_padding` p it is (n − 1)·stride + e + p for
/// `valid` and (n − 1)·stride + e mod 2 + p for `same`.
///
/// Source: `keras.ops.conv_transpose` of Keras 3.15 on TensorFlow.
#[track_caller]
pub fn conv_transpose(
    inputs: &Tensor,
    kernel: &Tensor,
    options: &ConvOptions,
    output_padding: Option<&[usize]>,
) -> Tensor {
    let operands = Arguments::of([inputs.to_argument(), kernel.to_argument()]);
    let padding = output_padding.map_or(Argument::None, amounts);
    OPERATIONS[3].apply(options.on(operands).with("output_padding", padding))
}

/// Inputs with channels last and a kernel of one float type, with the options that go with them.
struct Call {
    operation: &'static str,
    inputs: Tensor,
    kernel: Tensor,
    /// The sizes of the spatial axes of the inputs and of the kernel.
    spatial: Vec<usize>,
    size: Vec<usize>,
    strides: Vec<usize>,
    dilation: Vec<usize>,
    padding: Padding,
    data_format: DataFormat,
}

impl Call {
    fn read(options: &Options<'_>) -> Result<Self> {
        let operation = options.operation;
        let (inputs, kernel) =
            (options.arguments.tensor(operation, 0)?, options.arguments.tensor(operation, 1)?);
        let data_format = options.data_format(2)?;
        let dtype = rhyton_tensor::result_type(inputs.dtype(), kernel.dtype());
        let (inputs, kernel) = (cast(inputs, dtype), cast(kernel, dtype));
        let inputs = data_format.to_last(&inputs).checked()?;
        let spatial = spatial_sizes(operation, &inputs)?;
        let count = spatial.len();
        let size: Option<Vec<usize>> =
            kernel.shape().iter().map(|dim| dim.fixed_size().filter(|&size| size > 0)).collect();
        let size = size.filter(|size| size.len() == count + 2).ok_or_else(|| {
            let expected =
                format!("{} fixed sizes above 0, as inputs {}", count + 2, inputs.shape());
            Error::shape(operation, "kernel", expected, kernel.shape())
        })?;
        let ones = || vec![1; count];
        let strides = options.numbers(("strides", 0), count, 1)?.unwrap_or_else(ones);
        let dilation = options.numbers(("dilation_rate", 3), count, 1)?.unwrap_or_else(ones);
        let padding = options.padding(1)?;
        if padding == Padding::Causal && count != 1 {
            let expected = "valid or same where there are several spatial axes";
            return Err(Error::argument(operation, "padding", expected, padding));
        }
        let size = size[..count].to_vec();
        Ok(Self {
            operation,
            inputs,
            kernel,
            spatial,
            size,
            strides,
            dilation,
            padding,
            data_format,
        })
    }

    fn channels(&self) -> usize {
        self.inputs.shape()[self.inputs.rank() - 1].bind(0)
    }

    /// The kernel's size before the last axis (`back` 2) or there (1).
    fn kernel_channels(&self, back: usize) -> usize {
        self.kernel.shape()[self.kernel.rank() - back].bind(0)
    }

    fn refuse(&self, expected: String) -> Error {
        Error::shape(self.operation, "kernel", expected, self.kernel.shape())
    }

    fn extent(&self, axis: usize) -> usize {
        (self.size[axis] - 1).saturating_mul(self.dilation[axis]).saturating_add(1)
    }

    /// How the kernel slides over axes of these lengths.
    fn window(&self, lengths: &[usize], groups: usize) -> ConvolutionWindow {
        let amounts = lengths.iter().enumerate().map(|(axis, &length)| {
            self.padding.amounts(length, self.extent(axis), self.strides[axis])
        });
        let (low, high) = amounts.unzip();
        let (stride, dilation) = (self.strides.clone(), self.dilation.clone());
        ConvolutionWindow { stride, dilation, low, high, groups }
    }

    fn convolve(&self, kernel: &Tensor, groups: usize) -> Result<Tensor> {
        let window = self.window(&self.spatial, groups);
        Tensor::emit(Convolution { window }, &[&self.inputs, kernel]).checked()
    }

    fn depthwise(&self) -> Result<Tensor> {
        let channels = self.channels();
        if self.kernel_channels(2) != channels {
            return Err(self.refuse(format!("{channels} before the last axis, the channels")));
        }
        let mut dims = self.kernel.shape().to_vec();
        let rank = dims.len();
        dims[rank - 2] = Dim::ONE;
        dims[rank - 1] = Dim::fixed(channels * self.kernel_channels(1));
        self.convolve(&reshape_to(&self.kernel, dims), channels)
    }
}

fn call_conv(arguments: &Arguments) -> Result<Tensor> {
    let call = Call::read(&Options { operation: "conv", arguments, operands: 2 })?;
    let (channels, group) = (call.channels(), call.kernel_channels(2));
    if !channels.is_multiple_of(group) {
        return Err(call.refuse(format!("a divisor of {channels} channels before the last axis")));
    }
    call.data_format.restore(&call.convolve(&call.kernel, channels / group)?).checked()
}

fn call_depthwise(arguments: &Arguments) -> Result<Tensor> {
    let call = Call::read(&Options { operation: "depthwise_conv", arguments, operands: 2 })?;
    call.data_format.restore(&call.depthwise()?).checked()
}

fn call_separable(arguments: &Arguments) -> Result<Tensor> {
    let call = Call::read(&Options { operation: "separable_conv", arguments, operands: 3 })?;
    let channels = call.depthwise()?;
    let mixed = conv(&channels, arguments.tensor("separable_conv", 2)?, &ConvOptions::default());
    call.data_format.restore(&mixed).checked()
}

fn call_transpose(arguments: &Arguments) -> Result<Tensor> {
    let options = Options { operation: "conv_transpose", arguments, operands: 2 };
    let call = Call::read(&options)?;
    let channels = call.channels();
    if call.kernel_channels(1) != channels {
        return Err(call.refuse(format!("{channels} on the last axis, the channels")));
    }
    let extra = options.numbers(("output_padding", 4), call.spatial.len(), 0)?;
    let lengths = transposed_lengths(&call, extra.as_deref())?;
    let filters = Dim::fixed(call.kernel_channels(2));
    let inner = lengths.iter().map(|&length| Dim::fixed(length));
    let shape: Shape = [call.inputs.shape()[0]].into_iter().chain(inner).chain([filters]).collect();
    let window = call.transposed_window(&lengths);
    let rule = ConvolutionInputGradient { window, shape };
    call.data_format.restore(&Tensor::emit(rule, &[&call.inputs, &call.kernel])).checked()
}

impl Call {
    /// The window under which a convolution of axes of these lengths has the inputs' sizes.
    fn transposed_window(&self, lengths: &[usize]) -> ConvolutionWindow {
        let mut window = ConvolutionWindow {
            stride: self.strides.clone(),
            dilation: self.dilation.clone(),
            ..ConvolutionWindow::unit(lengths.len())
        };
        if self.padding == Padding::Same {
            for (axis, &length) in lengths.iter().enumerate() {
                let covered = (self.spatial[axis] - 1) * self.strides[axis] + self.extent(axis);
                let total = covered.saturating_sub(length);
                window.low[axis] = total / 2;
                window.high[axis] = total - total / 2;
            }
        }
        window
    }
}

fn transposed_lengths(call: &Call, extra: Option<&[usize]>) -> Result<Vec<usize>> {
    let one = |axis: usize| {
        let (stride, extent) = (call.strides[axis], call.extent(axis));
        let before = (call.spatial[axis] - 1).checked_mul(stride)?;
        let last = match (call.padding, extra.map(|extra| extra[axis])) {
            (Padding::Valid, None) => extent.max(stride),
            (Padding::Valid, Some(extra)) => extent.checked_add(extra)?,
            (_, None) => stride,
            (_, Some(extra)) => (extent % 2).checked_add(extra)?,
        };
        before.checked_add(last).filter(|&length| i32::try_from(length).is_ok())
    };
    if call.padding == Padding::Causal {
        let expected = "valid or same for a transposed convolution";
        return Err(Error::argument(call.operation, "padding", expected, call.padding));
    }
    let lengths: Option<Vec<usize>> = (0..call.spatial.len()).map(one).collect();
    lengths.ok_or_else(|| {
        let expected = "strides and padding for a result that fits in memory";
        Error::argument(call.operation, "strides", expected, format!("{:?}", call.strides))
    })
}

#[cfg(test)]
mod tests;
