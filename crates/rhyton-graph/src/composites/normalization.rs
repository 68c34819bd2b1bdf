use rhyton_tensor::{DType, result_type};

use super::functions::{absolute, rsqrt, sqrt, square};
use super::shaping::{cast, integers, reshape_to, to_integers};
use super::{maximum, mean, minimum, power, sum, variance};
use crate::{Argument, Arguments, Composite, Dim, Error, Operation, Result, Shape, Tensor};

/// Keras' normalizations.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Normalize",
        module: "keras.src.ops.nn",
        call: Composite::One(call_normalize),
    },
    Operation {
        class_name: "BatchNorm",
        module: "keras.src.ops.nn",
        call: Composite::One(call_batch),
    },
    Operation {
        class_name: "LayerNorm",
        module: "keras.src.ops.nn",
        call: Composite::One(call_layer),
    },
    Operation { class_name: "RMSNorm", module: "keras.src.ops.nn", call: Composite::One(call_rms) },
    Operation {
        class_name: "Norm",
        module: "keras.src.ops.linalg",
        call: Composite::One(call_norm),
    },
];

/// Keras' fuzz factor.
const EPSILON: f64 = 1e-7;

/// x divided by its norm along axes: x · minimum(1/√Σx², 1/ε) for order 2,
/// x / maximum((Σ|x|ᵖ)^(1/p), ε) for another order p ≥ 1. ε is 1e-7 unless given.
///
/// Source: `keras.ops.normalize` of Keras 3.15.
#[track_caller]
pub fn normalize(x: &Tensor, axes: &[isize], order: u32, epsilon: Option<f64>) -> Tensor {
    let arguments = Arguments::of([x.to_argument()])
        .with("axis", one_or_all(axes))
        .with("order", Argument::Integer(i64::from(order)))
        .with("epsilon", epsilon.map_or(Argument::None, Argument::Number));
    OPERATIONS[0].apply(arguments)
}

/// Mean and variance along axes; `float16` and `bfloat16` are computed in `float32`, integers too.
#[track_caller]
pub fn moments(x: &Tensor, axes: &[isize], keepdims: bool) -> (Tensor, Tensor) {
    let dtype = x.dtype();
    let wide = cast(x, result_type(dtype, DType::F32));
    let back = if dtype.is_float() { dtype } else { DType::F32 };
    let both = [mean, variance].map(|moment| cast(&moment(&wide, Some(axes), keepdims), back));
    let [mean, variance] = both;
    (mean, variance)
}

/// What a batch normalization uses.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    /// The mean of each channel, `[channels]`.
    pub mean: &'a Tensor,
    /// The variance of each channel, `[channels]`.
    pub variance: &'a Tensor,
    /// What is added to each channel, `[channels]`; 0 if `None`.
    pub offset: Option<&'a Tensor>,
    /// By what each channel is multiplied, `[channels]`; 1 if `None`.
    pub scale: Option<&'a Tensor>,
    /// The axis of the channels.
    pub axis: isize,
    /// Added to the variance; 1e-3 in Keras.
    pub epsilon: f64,
}

/// (x − mean) / √(variance + ε) · scale + offset, channel by channel.
///
/// Source: `keras.ops.batch_normalization` of Keras 3.15.
#[track_caller]
pub fn batch_normalization(x: &Tensor, with: &BatchNorm<'_>) -> Tensor {
    let tensor = |tensor: Option<&Tensor>| tensor.map_or(Argument::None, Tensor::to_argument);
    let statistics = [with.mean, with.variance].map(Tensor::to_argument);
    let [mean, variance] = statistics;
    let operands = [x.to_argument(), mean, variance, tensor(with.offset), tensor(with.scale)];
    let arguments = Arguments::of(operands)
        .with("axis", Argument::Integer(with.axis as i64))
        .with("epsilon", Argument::Number(with.epsilon));
    OPERATIONS[1].apply(arguments)
}

/// (x − μ) / √(σ² + ε) · gamma + beta, where μ and σ² are mean and variance along the axes. gamma
/// and beta have the sizes of the axes. `float16` and `bfloat16` are computed in `float32`.
///
/// Source: `keras.ops.layer_normalization` of Keras 3.15.
#[track_caller]
pub fn layer_normalization(
    x: &Tensor,
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
    axes: &[isize],
    epsilon: f64,
) -> Tensor {
    let tensor = |tensor: Option<&Tensor>| tensor.map_or(Argument::None, Tensor::to_argument);
    let arguments = Arguments::of([x.to_argument(), tensor(gamma), tensor(beta)])
        .with("axis", one_or_all(axes))
        .with("epsilon", Argument::Number(epsilon));
    OPERATIONS[2].apply(arguments)
}

/// x / √(mean of x² + ε) · scale, the mean along the axes. `float16` and `bfloat16` are computed
/// in `float32`.
///
/// Source: `keras.ops.rms_normalization` of Keras 3.15.
#[track_caller]
pub fn rms_normalization(
    x: &Tensor,
    scale: Option<&Tensor>,
    axes: &[isize],
    epsilon: f64,
) -> Tensor {
    let scale = scale.map_or(Argument::None, Tensor::to_argument);
    let arguments = Arguments::of([x.to_argument(), scale])
        .with("axis", one_or_all(axes))
        .with("epsilon", Argument::Number(epsilon));
    OPERATIONS[3].apply(arguments)
}

/// The length √Σx² along axes, which may be negative; `None` means all. With `keepdims` they stay
/// with size 1.
#[track_caller]
pub fn norm(x: &Tensor, axes: Option<&[isize]>, keepdims: bool) -> Tensor {
    let arguments = Arguments::of([x.to_argument()])
        .with("ord", Argument::None)
        .with("axis", axes.map_or(Argument::None, one_or_all))
        .with("keepdims", Argument::Bool(keepdims));
    OPERATIONS[4].apply(arguments)
}

fn one_or_all(axes: &[isize]) -> Argument {
    match axes {
        [one] => Argument::Integer(*one as i64),
        several => integers(several),
    }
}

fn axes_of(operation: &str, arguments: &Arguments, default: &[isize]) -> Result<Vec<isize>> {
    match arguments.attribute("axis", usize::MAX) {
        Argument::None => Ok(default.to_vec()),
        given => to_integers(operation, "axis", given),
    }
}

fn epsilon_of(operation: &str, arguments: &Arguments, default: f64) -> Result<f64> {
    match arguments.attribute("epsilon", usize::MAX) {
        Argument::None => Ok(default),
        given => given
            .number()
            .ok_or_else(|| Error::argument(operation, "epsilon", "a number", format!("{given:?}"))),
    }
}

/// A call argument that may be left out.
fn optional<'a>(
    operation: &str,
    arguments: &'a Arguments,
    (name, place): (&str, usize),
) -> Result<Option<&'a Tensor>> {
    match arguments.attribute(name, place) {
        Argument::None => Ok(None),
        Argument::Tensor(tensor) => Ok(Some(tensor)),
        other => Err(Error::argument(operation, name, "a tensor", format!("{other:?}"))),
    }
}

fn wide_float(x: &Tensor) -> Tensor {
    cast(x, result_type(x.dtype(), DType::F32))
}

fn float(x: &Tensor) -> Tensor {
    if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) }
}

fn call_normalize(arguments: &Arguments) -> Result<Tensor> {
    let x = float(arguments.tensor("normalize", 0)?);
    let axes = axes_of("normalize", arguments, &[-1])?;
    let epsilon = epsilon_of("normalize", arguments, EPSILON)?;
    let order = match arguments.attribute("order", usize::MAX) {
        Argument::None => 2,
        Argument::Integer(order) if *order >= 1 => *order,
        given => {
            let expected = "a whole number of at least 1";
            return Err(Error::argument("normalize", "order", expected, format!("{given:?}")));
        }
    };
    if order == 2 {
        let scale = minimum(rsqrt(sum(&square(&x), Some(&axes), true)), 1.0 / epsilon);
        return (x * scale).checked();
    }
    let order = order as f64;
    let powers = sum(&power(absolute(&x), order), Some(&axes), true);
    (x / maximum(power(powers, 1.0 / order), epsilon)).checked()
}

fn call_norm(arguments: &Arguments) -> Result<Tensor> {
    let x = float(arguments.tensor("norm", 0)?);
    let all: Vec<isize> = (0..x.rank() as isize).collect();
    let axes = axes_of("norm", arguments, &all)?;
    let two = match arguments.attribute("ord", usize::MAX) {
        Argument::None => true,
        Argument::Text(name) => name == "fro" && axes.len() == 2,
        order => order.number() == Some(2.0) && axes.len() == 1,
    };
    if !two {
        let received = format!("{:?}", arguments.attribute("ord", usize::MAX));
        return Err(Error::argument("norm", "ord", "none, the root of the squares", received));
    }
    let keepdims = matches!(arguments.attribute("keepdims", usize::MAX), Argument::Bool(true));
    sqrt(sum(&square(&x), Some(&axes), keepdims)).checked()
}

fn call_batch(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "batch_normalization";
    let x = arguments.tensor(NAME, 0)?;
    let axis = axes_of(NAME, arguments, &[-1])?;
    let [axis] = axis[..] else {
        return Err(Error::argument(NAME, "axis", "one axis", format!("{axis:?}")));
    };
    let axis = x.shape().axis(NAME, axis)?;
    let epsilon = epsilon_of(NAME, arguments, 1e-3)?;
    let channels = x.shape()[axis];
    let channel = |name: &str, tensor: &Tensor| -> Result<Tensor> {
        if *tensor.shape() != Shape::from(vec![channels]) {
            let expected = format!("[{channels}], the size of axis {axis} of x");
            return Err(Error::shape(NAME, name, expected, tensor.shape()));
        }
        let mut dims = vec![Dim::ONE; x.rank()];
        dims[axis] = channels;
        reshape_to(&cast(tensor, x.dtype()), dims).checked()
    };
    let given = |name, place| -> Result<Option<Tensor>> {
        let tensor = optional(NAME, arguments, (name, place))?;
        tensor.map(|tensor| channel(name, tensor)).transpose()
    };
    let mean = channel("mean", arguments.tensor(NAME, 1)?)?;
    let variance = channel("variance", arguments.tensor(NAME, 2)?)?;
    let (offset, scale) = (given("offset", 3)?, given("scale", 4)?);
    let inverse = rsqrt(variance + epsilon);
    affine(x, &mean, &inverse, [scale.as_ref(), offset.as_ref()]).checked()
}

/// x · inverse · scale + (offset − mean · inverse · scale).
fn affine(
    x: &Tensor,
    mean: &Tensor,
    inverse: &Tensor,
    [scale, offset]: [Option<&Tensor>; 2],
) -> Tensor {
    let factor = scale.map_or_else(|| inverse.clone(), |scale| inverse * scale);
    let shift = mean * &factor;
    let shift = offset.map_or_else(|| -&shift, |offset| offset - &shift);
    x * factor + shift
}

/// A weight of the sizes of some axes, with size 1 at the others.
fn along(operation: &str, x: &Tensor, axes: &[isize], weight: &Tensor) -> Result<Tensor> {
    let mut dims = vec![Dim::ONE; x.rank()];
    for &axis in axes {
        let axis = x.shape().axis(operation, axis)?;
        dims[axis] = x.shape()[axis];
    }
    if weight.rank() == x.rank() {
        return Ok(weight.clone());
    }
    let shape = Shape::from(dims);
    if weight.shape().polynomial() != shape.polynomial() {
        let expected = format!("the sizes of axes {axes:?} of {}", x.shape());
        return Err(Error::shape(operation, "weight", expected, weight.shape()));
    }
    reshape_to(weight, shape).checked()
}

fn call_layer(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "layer_normalization";
    let given = arguments.tensor(NAME, 0)?;
    let x = wide_float(given);
    let axes = axes_of(NAME, arguments, &[-1])?;
    let epsilon = epsilon_of(NAME, arguments, EPSILON)?;
    let weight = |name, place| -> Result<Option<Tensor>> {
        let weight = optional(NAME, arguments, (name, place))?;
        weight.map(|weight| along(NAME, &x, &axes, &cast(weight, x.dtype()))).transpose()
    };
    let (gamma, beta) = (weight("gamma", 1)?, weight("beta", 2)?);
    let inverse = rsqrt(variance(&x, Some(&axes), true) + epsilon);
    let result = if matches!(arguments.attribute("rms_scaling", usize::MAX), Argument::Bool(true)) {
        let factor = gamma.map_or_else(|| inverse.clone(), |gamma| &inverse * gamma);
        x * factor
    } else {
        affine(&x, &mean(&x, Some(&axes), true), &inverse, [gamma.as_ref(), beta.as_ref()])
    };
    cast(&result, given.dtype()).checked()
}

fn call_rms(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "rms_normalization";
    let given = arguments.tensor(NAME, 0)?;
    let x = wide_float(given);
    let axes = axes_of(NAME, arguments, &[-1])?;
    let epsilon = epsilon_of(NAME, arguments, EPSILON)?;
    let inverse = rsqrt(mean(&square(&x), Some(&axes), true) + epsilon);
    let normal = &x * inverse;
    let result = match optional(NAME, arguments, ("scale", 1))? {
        Some(scale) => normal * cast(scale, x.dtype()),
        None => normal,
    };
    cast(&result, given.dtype()).checked()
}

#[cfg(test)]
mod tests;
