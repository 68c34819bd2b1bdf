use rhyton_tensor::DType;

use super::comparison::{equal, greater_equal, less, logical_or, where_};
use super::shaping::{
    broadcast_in_dim, cast, dimension, expand_dims, flatten, one_axis, reshape_to, transpose,
};
use crate::{
    Argument, Arguments, Dim, Error, Gather, Iota, Operation, Result, Scatter, Scattering, Shape,
    Tensor,
};

/// Keras' operations on indices.
pub(crate) const OPERATIONS: &[Operation] =
    &[Operation { class_name: "TakeAlongAxis", module: "keras.src.ops.numpy", call: call_along }];

/// Each element's own index along an axis of the tensor, in the same program.
#[track_caller]
pub fn iota_like(x: &Tensor, axis: usize, dtype: DType) -> Tensor {
    let dims = x.shape().get(axis).copied().unwrap_or(Dim::ONE);
    let shape = Shape::from(vec![dims]);
    let line = x.leaf(Iota { shape, axis: 0, dtype });
    broadcast_in_dim(&line, x.shape(), &[axis])
}

/// For integer labels `[…]`, rows `[…, classes]` with 1 at the label's place and 0 elsewhere; a
/// label outside 0 … classes − 1 gives a row of zeros.
#[track_caller]
pub fn one_hot(labels: &Tensor, classes: usize, dtype: DType) -> Tensor {
    let column = expand_dims(labels, -1);
    let shape = Shape::from(vec![Dim::fixed(classes)]);
    let line = labels.leaf(Iota { shape, axis: 0, dtype: labels.dtype() });
    cast(&equal(&column, &line), dtype)
}

/// The rows along an axis that integer indices of any shape name; the axes of the indices take the
/// axis' place. An index outside 0 … size − 1 gives zeros; negative ones do not wrap.
#[track_caller]
pub fn take(x: &Tensor, indices: &Tensor, axis: usize) -> Tensor {
    Tensor::emit(Gather { axis }, &[x, indices])
}

/// For each index its element on the same line of `x` along an axis; all other axes are equal.
/// Negative indices count from the end, others outside give zeros.
///
/// Source: `keras.ops.take_along_axis` of Keras 3.15, without broadcasting.
#[track_caller]
pub fn take_along_axis(x: &Tensor, indices: &Tensor, axis: isize) -> Tensor {
    let axis = Argument::Integer(axis as i64);
    let operands = [x.to_argument(), indices.to_argument()];
    OPERATIONS[0].apply(Arguments::of(operands).with("axis", axis))
}

fn call_along(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "take_along_axis";
    let (x, indices) = (arguments.tensor(NAME, 0)?, arguments.tensor(NAME, 1)?);
    let (x, indices, axis) = match arguments.attribute("axis", 2) {
        Argument::None => (flatten(NAME, x)?, flatten(NAME, indices)?, 0),
        given => {
            let axis = x.shape().axis(NAME, one_axis(NAME, given, -1)?)?;
            (x.clone(), indices.clone(), axis)
        }
    };
    let others = |tensor: &Tensor| {
        let dims = tensor.shape().iter().enumerate();
        dims.filter(|(place, _)| *place != axis).map(|(_, &dim)| dim).collect::<Shape>()
    };
    let (rows, last) = (others(&x), x.rank() - 1);
    if indices.rank() != x.rank() || others(&indices) != rows {
        let expected = format!("the sizes of {} but for axis {axis}", x.shape());
        return Err(Error::shape(NAME, "indices", expected, indices.shape()));
    }
    let length = dimension(&x, axis);
    let order: Vec<usize> = (0..=last).filter(|&other| other != axis).chain([axis]).collect();
    let indices = transpose(&cast(&indices, DType::I32), &order);
    let indices = where_(less(&indices, 0), &indices + &length, &indices);
    let outside = logical_or(&less(&indices, 0), &greater_equal(&indices, &length));
    let lines = Shape::from(vec![rows.flat(NAME)?]);
    let first = x.leaf(Iota { shape: lines, axis: 0, dtype: DType::I32 }) * &length;
    let first = reshape_to(&first, rows.iter().copied().chain([Dim::ONE]).collect::<Shape>());
    let places = where_(outside, -1, indices + first);
    let taken = take(&flatten(NAME, &transpose(&x, &order))?, &places, 0);
    let mut back = vec![last; last + 1];
    for (place, &axis) in order.iter().enumerate() {
        back[axis] = place;
    }
    transpose(&taken, &back).checked()
}

/// `base` with updates, shaped like [`take`] of the same indices, added to the rows they name.
/// Indices outside are dropped.
#[track_caller]
pub fn scatter_add(base: &Tensor, indices: &Tensor, updates: &Tensor, axis: usize) -> Tensor {
    Tensor::emit(Scatter { scattering: Scattering::Add, axis }, &[base, indices, updates])
}

/// As [`scatter_add`], but updates replace the rows; the last of several wins.
#[track_caller]
pub fn scatter_set(base: &Tensor, indices: &Tensor, updates: &Tensor, axis: usize) -> Tensor {
    Tensor::emit(Scatter { scattering: Scattering::Set, axis }, &[base, indices, updates])
}
