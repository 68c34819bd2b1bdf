use rhyton_tensor::{Array, DType};

use super::comparison::{equal, greater_equal, less, logical_or, where_};
use super::shaping::{
    broadcast_in_dim, cast, dimension, expand_dims, flatten, one_axis, reshape_to, to_integers,
    transpose,
};
use crate::{
    Argument, Arguments, Composite, Dim, Error, Gather, Iota, Operation, Result, Scatter,
    Scattering, Shape, Tensor,
};

/// Keras' operations on indices.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "TakeAlongAxis",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_along),
    },
    Operation {
        class_name: "Take",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_take),
    },
    Operation {
        class_name: "OneHot",
        module: "keras.src.ops.nn",
        call: Composite::One(call_one_hot),
    },
];

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

/// Keras' `take`: negative indices count from the end, no axis means all elements in one line.
fn call_take(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "take";
    let x = arguments.tensor(NAME, 0)?;
    let (x, axis) = match arguments.attribute("axis", 2) {
        Argument::None => (flatten(NAME, x)?, 0),
        given => (x.clone(), x.shape().axis(NAME, one_axis(NAME, given, -1)?)?),
    };
    let indices = match arguments.get(NAME, 1)? {
        Argument::Tensor(indices) => cast(indices, DType::I32),
        given => {
            let numbers = to_integers(NAME, "indices", given)?;
            let refuse = |_too_large| {
                Error::argument(NAME, "indices", "numbers of int32", format!("{numbers:?}"))
            };
            let places: Vec<i32> =
                numbers.iter().map(|&n| i32::try_from(n).map_err(refuse)).collect::<Result<_>>()?;
            let list = [places.len()];
            let shape: &[usize] = if matches!(given, Argument::List(_)) { &list } else { &[] };
            x.constant(Array::from_slice(shape, &places)?)
        }
    };
    let length = dimension(&x, axis);
    let indices = where_(less(&indices, 0), &indices + &length, &indices);
    take(&x, &indices, axis).checked()
}

/// Keras' `one_hot`, the classes on any axis.
fn call_one_hot(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "one_hot";
    let labels = arguments.tensor(NAME, 0)?;
    let given = arguments.attribute("num_classes", 1);
    let classes = given.number().filter(|n| *n >= 0.0 && *n <= f64::from(i32::MAX));
    let refuse = || Error::argument(NAME, "num_classes", "a whole number", format!("{given:?}"));
    let dtype = match arguments.attribute("dtype", usize::MAX) {
        Argument::Text(name) => name.parse()?,
        _ => DType::F32,
    };
    let rows = one_hot(labels, classes.ok_or_else(refuse)? as usize, dtype).checked()?;
    let axis = one_axis(NAME, arguments.attribute("axis", 2), -1)?;
    let axis = rows.shape().axis(NAME, axis)?;
    let mut order: Vec<usize> = (0..labels.rank()).collect();
    order.insert(axis, labels.rank());
    transpose(&rows, &order).checked()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval;

    /// `keras.ops.take` and `one_hot` of Keras 3.15.1.
    #[test]
    fn indices_count_from_the_end_and_classes_take_any_axis() {
        let x = Array::from_slice(&[2, 3], &[1_i32, 2, 3, 4, 5, 6]).unwrap();
        let found = eval(
            |x| {
                let list = [Argument::Integer(-1), Argument::Integer(0)];
                let take = |indices, axis| {
                    let arguments = Arguments::of([x[0].to_argument(), indices]);
                    OPERATIONS[1].apply(arguments.with("axis", axis))
                };
                let hot = Arguments::of([x[0].to_argument()])
                    .with("num_classes", Argument::Integer(4))
                    .with("axis", Argument::Integer(0));
                vec![
                    take(Argument::List(list.to_vec()), Argument::Integer(1)),
                    take(Argument::Integer(1), Argument::None),
                    OPERATIONS[2].apply(hot),
                ]
            },
            &[&x],
        )
        .unwrap();
        assert_eq!((found[0].shape(), found[0].view::<i32>()), (&[2, 2][..], &[3, 1, 6, 4][..]));
        assert_eq!((found[1].shape(), found[1].view::<i32>()), (&[][..], &[2][..]));
        assert_eq!(found[2].shape(), [4, 2, 3]);
        let places: Vec<usize> =
            (0..24).filter(|&place| found[2].view::<f32>()[place] == 1.0).collect();
        assert_eq!(places, [6, 13, 20]);
    }
}
