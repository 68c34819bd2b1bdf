use rhyton_tensor::{Array, DType};

use crate::{
    Argument, Arguments, Broadcast, Cast, Composite, Concatenate, Dim, Dimension, Error, Operation,
    Reshape, Result, Shape, Slice, StopGradient, Tap, Tensor, Transpose,
};

/// Keras' operations that only move or retype elements.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Reshape",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_reshape),
    },
    Operation {
        class_name: "Transpose",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_transpose),
    },
    Operation {
        class_name: "Concatenate",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_concatenate),
    },
    Operation {
        class_name: "ExpandDims",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_expand_dims),
    },
    Operation {
        class_name: "Squeeze",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_squeeze),
    },
    Operation { class_name: "Cast", module: "keras.src.ops.core", call: Composite::One(call_cast) },
    Operation {
        class_name: "StopGradient",
        module: "keras.src.ops.core",
        call: Composite::One(call_stop),
    },
];

/// The same elements under another shape; one size may be −1, which takes what remains. The batch
/// axis of a model's tensor is kept when it stands first and is written as −1.
#[track_caller]
pub fn reshape(x: &Tensor, sizes: &[isize]) -> Tensor {
    let sizes = integers(sizes);
    OPERATIONS[0].apply(Arguments::of([x.to_argument()]).with("newshape", sizes))
}

/// The same elements under a shape that may depend on the batch.
#[track_caller]
pub fn reshape_to(x: &Tensor, shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    if x.failure().is_none() && *x.shape() == shape {
        return x.clone();
    }
    Tensor::emit(Reshape { shape }, &[x])
}

/// All elements on one axis.
pub(super) fn flatten(operation: &str, x: &Tensor) -> Result<Tensor> {
    reshape_to(x, vec![x.shape().flat(operation)?]).checked()
}

/// The part of the tensor from `start` up to `limit` along one axis.
#[track_caller]
pub fn slice_axis(x: &Tensor, axis: usize, start: Dim, limit: Dim) -> Tensor {
    let mut from = vec![Dim::fixed(0); x.rank()];
    let mut to = x.shape().to_vec();
    if axis < x.rank() {
        (from[axis], to[axis]) = (start, limit);
    }
    Tensor::emit(Slice { start: from, limit: to, stride: vec![1; x.rank()] }, &[x])
}

/// The axes in another order: axis `i` of the result is axis `permutation[i]` of `x`.
#[track_caller]
pub fn transpose(x: &Tensor, permutation: &[usize]) -> Tensor {
    let axes: Vec<isize> = permutation.iter().map(|&axis| axis as isize).collect();
    OPERATIONS[1].apply(Arguments::of([x.to_argument()]).with("axes", integers(&axes)))
}

/// The tensors one after another along an axis, which may be negative.
#[track_caller]
pub fn concatenate(tensors: &[Tensor], axis: isize) -> Tensor {
    let list = Argument::List(tensors.iter().cloned().map(Argument::Tensor).collect());
    OPERATIONS[2].apply(Arguments::of([list]).with("axis", Argument::Integer(axis as i64)))
}

/// A new axis of size 1 at a place, which may be negative.
#[track_caller]
pub fn expand_dims(x: &Tensor, axis: isize) -> Tensor {
    let axis = Argument::Integer(axis as i64);
    OPERATIONS[3].apply(Arguments::of([x.to_argument()]).with("axis", axis))
}

/// An axis of size 1 taken away.
#[track_caller]
pub fn squeeze(x: &Tensor, axis: isize) -> Tensor {
    let axis = Argument::Integer(axis as i64);
    OPERATIONS[4].apply(Arguments::of([x.to_argument()]).with("axis", axis))
}

/// The same values as another element type.
#[track_caller]
pub fn cast(x: &Tensor, dtype: DType) -> Tensor {
    if x.dtype() == dtype {
        return x.clone();
    }
    let name = Argument::Text(dtype.name().to_owned());
    OPERATIONS[5].apply(Arguments::of([x.to_argument()]).with("dtype", name))
}

/// The tensor itself, through which no gradient flows.
#[track_caller]
pub fn stop_gradient(x: &Tensor) -> Tensor {
    OPERATIONS[6].apply(Arguments::of([x.to_argument()]))
}

/// The tensor itself under a name, so that a run can show it.
#[track_caller]
pub fn tap(x: &Tensor, name: &str) -> Tensor {
    Tensor::emit(Tap { name: name.to_owned() }, &[x])
}

/// Repeats the tensor to a shape by NumPy's rule: align at the back, ones stretch.
#[track_caller]
pub fn broadcast_to(x: &Tensor, shape: &Shape) -> Tensor {
    if x.failure().is_some() || x.shape() == shape {
        return x.clone();
    }
    let start = shape.rank().saturating_sub(x.rank());
    let axes: Vec<usize> = (start..start + x.rank()).collect();
    broadcast_in_dim(x, shape, &axes)
}

/// Repeats the tensor to a shape; `axes[i]` is the axis of the result that axis `i` becomes.
#[track_caller]
pub fn broadcast_in_dim(x: &Tensor, shape: &Shape, axes: &[usize]) -> Tensor {
    if x.failure().is_none() && x.shape() == shape {
        return x.clone();
    }
    Tensor::emit(Broadcast { shape: shape.clone(), axes: axes.to_vec() }, &[x])
}

/// Zeros of the tensor's shape and element type.
#[track_caller]
pub fn zeros_like(x: &Tensor) -> Tensor {
    full_like(x, 0.0)
}

/// Ones of the tensor's shape and element type.
#[track_caller]
pub fn ones_like(x: &Tensor) -> Tensor {
    full_like(x, 1.0)
}

/// The size of an axis in this run, an int32 scalar.
#[track_caller]
pub fn dimension(x: &Tensor, axis: usize) -> Tensor {
    match x.shape().get(axis).and_then(|dim| dim.fixed_size()) {
        Some(size) => x.constant(Array::scalar(size as i32)),
        None => Tensor::emit(Dimension { axis }, &[x]),
    }
}

#[track_caller]
fn full_like(x: &Tensor, value: f64) -> Tensor {
    broadcast_to(&x.scalar_like(value), x.shape())
}

impl Tensor {
    pub(crate) fn to_argument(&self) -> Argument {
        Argument::Tensor(self.clone())
    }
}

pub(super) fn integers(values: &[isize]) -> Argument {
    Argument::List(values.iter().map(|&value| Argument::Integer(value as i64)).collect())
}

/// The whole numbers of an argument: a list, or one alone.
pub(super) fn to_integers(operation: &str, name: &str, argument: &Argument) -> Result<Vec<isize>> {
    let one = |item: &Argument| match item {
        Argument::Integer(value) => Ok(*value as isize),
        Argument::None => Ok(-1),
        other => Err(Error::argument(operation, name, "whole numbers", format!("{other:?}"))),
    };
    match argument {
        Argument::List(items) => items.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

fn call_reshape(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("reshape", 0)?;
    let sizes = to_integers("reshape", "newshape", arguments.attribute("newshape", 1))?;
    let shape = resolve(x.shape(), &sizes)?;
    reshape_to(x, shape).checked()
}

/// The shape that sizes with at most one −1 mean for a tensor of shape `from`.
fn resolve(from: &Shape, sizes: &[isize]) -> Result<Shape> {
    let refuse = |expected: &str| {
        Error::argument(
            "reshape",
            "newshape",
            format!("{expected} for {from}"),
            format!("{sizes:?}"),
        )
    };
    if sizes.iter().filter(|&&size| size < 0).count() > 1 {
        return Err(refuse("at most one −1"));
    }
    let Some(open) = sizes.iter().position(|&size| size < 0) else {
        return Ok(sizes.iter().map(|&size| Dim::fixed(size as usize)).collect());
    };
    let given = sizes.iter().filter(|&&size| size >= 0).map(|&size| size as i128);
    let known = given.fold(1_i128, i128::saturating_mul);
    let volume = from.polynomial();
    if known == 0 || volume.len() > 2 || volume.iter().any(|part| part % known != 0) {
        return Err(refuse("sizes that divide the number of elements"));
    }
    let part = |power: usize| volume.get(power).map_or(0, |part| part / known);
    let (Ok(batches), Ok(constant)) = (usize::try_from(part(1)), isize::try_from(part(0))) else {
        return Err(refuse("sizes of axes"));
    };
    let rest = Dim { batches, constant };
    let dims = sizes.iter().enumerate();
    Ok(dims.map(|(i, &size)| if i == open { rest } else { Dim::fixed(size as usize) }).collect())
}

fn call_transpose(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("transpose", 0)?;
    let permutation = match arguments.attribute("axes", 1) {
        Argument::None => (0..x.rank()).rev().collect(),
        given => to_integers("transpose", "axes", given)?
            .into_iter()
            .map(|axis| x.shape().axis("transpose", axis))
            .collect::<Result<Vec<_>>>()?,
    };
    if permutation.iter().copied().eq(0..x.rank()) {
        return Ok(x.clone());
    }
    Tensor::emit(Transpose { permutation }, &[x]).checked()
}

fn call_concatenate(arguments: &Arguments) -> Result<Tensor> {
    let Argument::List(items) = arguments.get("concatenate", 0)? else {
        return Err(Error::argument("concatenate", "xs", "a list of tensors", "one value"));
    };
    let tensors: Vec<&Tensor> = items
        .iter()
        .map(|item| match item {
            Argument::Tensor(tensor) => Ok(tensor),
            other => Err(Error::argument("concatenate", "xs", "tensors", format!("{other:?}"))),
        })
        .collect::<Result<_>>()?;
    let Some(first) = tensors.first() else {
        return Err(Error::argument("concatenate", "xs", "at least one tensor", "none"));
    };
    let axis = one_axis("concatenate", arguments.attribute("axis", 1), 0)?;
    let axis = first.shape().axis("concatenate", axis)?;
    let dtype = tensors
        .iter()
        .fold(first.dtype(), |dtype, tensor| rhyton_tensor::result_type(dtype, tensor.dtype()));
    let cast_all: Vec<Tensor> = tensors.iter().map(|tensor| cast(tensor, dtype)).collect();
    Tensor::emit(Concatenate { axis }, &cast_all.iter().collect::<Vec<_>>()).checked()
}

fn call_expand_dims(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("expand_dims", 0)?;
    let given = match arguments.attribute("axis", 1) {
        Argument::None => vec![0],
        given => to_integers("expand_dims", "axis", given)?,
    };
    let rank = (x.rank() + given.len()) as isize;
    let mut places = Vec::new();
    for axis in given {
        let place = if axis < 0 { axis + rank } else { axis };
        if !(0..rank).contains(&place) || places.contains(&place) {
            let expected = format!("numbers in [-{rank}, {rank}), each place once");
            return Err(Error::argument("expand_dims", "axis", expected, axis));
        }
        places.push(place);
    }
    let mut old = x.shape().iter();
    let is_new = |place: isize| places.contains(&place).then_some(Dim::ONE);
    let dims = (0..rank).filter_map(|place| is_new(place).or_else(|| old.next().copied()));
    reshape_to(x, dims.collect::<Shape>()).checked()
}

fn call_squeeze(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("squeeze", 0)?;
    let mut dims = x.shape().to_vec();
    match arguments.attribute("axis", 1) {
        Argument::None => dims.retain(|&dim| dim != Dim::ONE),
        given => {
            let axes = to_integers("squeeze", "axis", given)?;
            let counted = axes.iter().map(|&axis| x.shape().axis("squeeze", axis));
            let mut axes = counted.collect::<Result<Vec<_>>>()?;
            axes.sort_unstable();
            axes.dedup();
            for &axis in axes.iter().rev() {
                if dims.remove(axis) != Dim::ONE {
                    let expected = format!("size 1 at axis {axis}");
                    return Err(Error::shape("squeeze", "x", expected, x.shape()));
                }
            }
        }
    }
    reshape_to(x, dims).checked()
}

fn call_cast(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("cast", 0)?;
    let Argument::Text(name) = arguments.attribute("dtype", 1) else {
        return Err(Error::argument("cast", "dtype", "the name of an element type", "nothing"));
    };
    let dtype: DType = name.parse()?;
    if x.dtype() == dtype {
        return Ok(x.clone());
    }
    Tensor::emit(Cast { dtype }, &[x]).checked()
}

fn call_stop(arguments: &Arguments) -> Result<Tensor> {
    Tensor::emit(StopGradient, &[arguments.tensor("stop_gradient", 0)?]).checked()
}

/// One axis, or a default where none is given.
pub(super) fn one_axis(operation: &str, argument: &Argument, default: isize) -> Result<isize> {
    match argument {
        Argument::None => Ok(default),
        Argument::Integer(axis) => Ok(*axis as isize),
        Argument::List(items) if items.len() == 1 => one_axis(operation, &items[0], default),
        other => Err(Error::argument(operation, "axis", "one whole number", format!("{other:?}"))),
    }
}
