use rhyton_tensor::{Array, DType};

use super::shaping::{broadcast_in_dim, cast};
use super::spatial::{Options, amounts, spatial_sizes};
use crate::error::check_constant;
use crate::{
    Argument, Arguments, Composite, DataFormat, Error, Operation, Padding, Result, Tensor, Window,
    WindowReduce, WindowReduction,
};

/// Keras' pooling.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { class_name: "MaxPool", module: "keras.src.ops.nn", call: Composite::One(call_max) },
    Operation {
        class_name: "AveragePool",
        module: "keras.src.ops.nn",
        call: Composite::One(call_average),
    },
];

/// The maximum of each channel over windows of `pool_size` along the spatial axes; padding never
/// wins. `strides` default to the pool size; one number stands for all axes.
///
/// # Shapes
/// As [`crate::conv`] with a kernel of this size.
///
/// Source: `keras.ops.max_pool` of Keras 3.15.
#[track_caller]
pub fn max_pool(
    inputs: &Tensor,
    pool_size: &[usize],
    strides: Option<&[usize]>,
    padding: Padding,
    data_format: DataFormat,
) -> Tensor {
    let arguments = Arguments::of([inputs.to_argument()]);
    OPERATIONS[0].apply(with_options(arguments, pool_size, strides, padding, data_format))
}

/// The mean of each channel over windows, as [`max_pool`]; the elements of the padding do not
/// count. Integers are averaged as float32.
///
/// Source: `keras.ops.average_pool` of Keras 3.15 on TensorFlow.
#[track_caller]
pub fn average_pool(
    inputs: &Tensor,
    pool_size: &[usize],
    strides: Option<&[usize]>,
    padding: Padding,
    data_format: DataFormat,
) -> Tensor {
    let arguments = Arguments::of([inputs.to_argument()]);
    OPERATIONS[1].apply(with_options(arguments, pool_size, strides, padding, data_format))
}

fn with_options(
    arguments: Arguments,
    pool_size: &[usize],
    strides: Option<&[usize]>,
    padding: Padding,
    data_format: DataFormat,
) -> Arguments {
    arguments
        .with("pool_size", amounts(pool_size))
        .with("strides", strides.map_or(Argument::None, amounts))
        .with("padding", Argument::Text(padding.name().to_owned()))
        .with("data_format", Argument::Text(data_format.name().to_owned()))
}

/// Inputs with channels last, and the windows over them.
struct Call {
    inputs: Tensor,
    window: Window,
    data_format: DataFormat,
}

impl Call {
    fn read(operation: &'static str, arguments: &Arguments) -> Result<Self> {
        let options = Options { operation, arguments, operands: 1 };
        let data_format = options.data_format(3)?;
        let inputs = data_format.to_last(arguments.tensor(operation, 0)?).checked()?;
        let spatial = spatial_sizes(operation, &inputs)?;
        let count = spatial.len();
        let size = options.numbers(("pool_size", 0), count, 1)?.ok_or_else(|| {
            let expected = format!("{count} whole numbers, or one for all axes");
            Error::argument(operation, "pool_size", expected, "nothing")
        })?;
        let strides = options.numbers(("strides", 1), count, 1)?.unwrap_or_else(|| size.clone());
        let padding = options.padding(2)?;
        if padding == Padding::Causal {
            return Err(Error::argument(operation, "padding", "valid or same", padding));
        }
        let mut window = Window::single(count + 2);
        for axis in 0..count {
            let (size, stride) = (size[axis], strides[axis]);
            window.size[axis + 1] = size;
            window.stride[axis + 1] = stride;
            let (low, high) = padding.amounts(spatial[axis], size, stride);
            (window.low[axis + 1], window.high[axis + 1]) = (low, high);
        }
        Ok(Self { inputs, window, data_format })
    }

    fn reduce(&self, reduction: WindowReduction, inputs: &Tensor) -> Result<Tensor> {
        let rule = WindowReduce { reduction, window: self.window.clone() };
        Tensor::emit(rule, &[inputs]).checked()
    }

    /// How many real elements each window along an axis has.
    fn counts(&self, axis: usize, windows: usize) -> Result<Vec<f64>> {
        check_constant("average_pool", "padding", windows)?;
        let window = &self.window;
        let length = self.inputs.shape()[axis].bind(0);
        let one = |place: usize| {
            let begin = place * window.stride[axis];
            let end = (begin + window.size[axis]).min(length + window.low[axis]);
            end - begin.max(window.low[axis])
        };
        Ok((0..windows).map(|place| one(place) as f64).collect())
    }

    /// The mean of each window, from the sums.
    fn divide(&self, sums: &Tensor) -> Tensor {
        let rank = sums.rank();
        let padded = (1..rank - 1).any(|axis| self.window.low[axis] + self.window.high[axis] > 0);
        if !padded {
            let count: usize = self.window.size.iter().product();
            return sums / count as f64;
        }
        (1..rank - 1).fold(sums.clone(), |sums, axis| {
            let counts = self.counts(axis, sums.shape()[axis].bind(0)).and_then(|counts| {
                let counts = Array::from_slice(&[counts.len()], &counts)?;
                Ok(sums.constant(counts.cast(sums.dtype())))
            });
            counts.map_or_else(Tensor::failed, |counts| {
                sums.clone() / broadcast_in_dim(&counts, sums.shape(), &[axis])
            })
        })
    }
}

fn call_max(arguments: &Arguments) -> Result<Tensor> {
    let call = Call::read("max_pool", arguments)?;
    let result = call.reduce(WindowReduction::Maximum, &call.inputs)?;
    call.data_format.restore(&result).checked()
}

fn call_average(arguments: &Arguments) -> Result<Tensor> {
    let call = Call::read("average_pool", arguments)?;
    let float = call.inputs.dtype().is_float();
    let inputs = if float { call.inputs.clone() } else { cast(&call.inputs, DType::F32) };
    let sums = call.reduce(WindowReduction::Sum, &inputs)?;
    call.data_format.restore(&call.divide(&sums)).checked()
}

#[cfg(test)]
mod tests;
