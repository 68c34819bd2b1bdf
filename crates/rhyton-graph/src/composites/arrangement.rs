use super::shaping::{
    broadcast_in_dim, concatenate, expand_dims, flatten, integers, one_axis, reshape_to,
    slice_axis, to_integers, transpose,
};
use super::take;
use crate::error::check_constant;
use crate::{
    Argument, Arguments, Composite, Dim, Error, Operation, Result, Reverse, Shape, Tensor,
};

/// Keras' operations that put elements in other places or repeat them.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Repeat",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_repeat),
    },
    Operation {
        class_name: "Tile",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_tile),
    },
    Operation {
        class_name: "Stack",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_stack),
    },
    Operation {
        class_name: "Flip",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_flip),
    },
    Operation {
        class_name: "Roll",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_roll),
    },
    Operation {
        class_name: "Moveaxis",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_moveaxis),
    },
    Operation {
        class_name: "Swapaxes",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_swapaxes),
    },
];

fn axis_argument(axis: Option<isize>) -> Argument {
    axis.map_or(Argument::None, |axis| Argument::Integer(axis as i64))
}

fn counts(values: &[usize]) -> Argument {
    integers(&values.iter().map(|&value| value as isize).collect::<Vec<_>>())
}

/// Each element along an axis as often as `repeats` says: one number for all elements, or one for
/// each. `None` repeats all elements in one line.
#[track_caller]
pub fn repeat(x: &Tensor, repeats: &[usize], axis: Option<isize>) -> Tensor {
    let repeats = match repeats {
        [one] => Argument::Integer(*one as i64),
        several => counts(several),
    };
    let arguments = Arguments::of([x.to_argument()]).with("repeats", repeats);
    OPERATIONS[0].apply(arguments.with("axis", axis_argument(axis)))
}

/// The whole tensor as often along each axis as `repeats` says; axes without a number stay, and
/// numbers without an axis make new ones in front.
#[track_caller]
pub fn tile(x: &Tensor, repeats: &[usize]) -> Tensor {
    OPERATIONS[1].apply(Arguments::of([x.to_argument()]).with("repeats", counts(repeats)))
}

/// Tensors of one shape beside each other on a new axis.
#[track_caller]
pub fn stack(tensors: &[Tensor], axis: isize) -> Tensor {
    let list = Argument::List(tensors.iter().cloned().map(Argument::Tensor).collect());
    OPERATIONS[2].apply(Arguments::of([list]).with("axis", axis_argument(Some(axis))))
}

/// The elements in reverse order along axes; `None` means all.
#[track_caller]
pub fn flip(x: &Tensor, axes: Option<&[isize]>) -> Tensor {
    let axes = axes.map_or(Argument::None, integers);
    OPERATIONS[3].apply(Arguments::of([x.to_argument()]).with("axis", axes))
}

/// The elements moved by `shift` places along an axis of fixed size; those that leave at one end
/// come in at the other. `None` takes all elements in one line.
#[track_caller]
pub fn roll(x: &Tensor, shift: isize, axis: Option<isize>) -> Tensor {
    let shift = Argument::Integer(shift as i64);
    let arguments = Arguments::of([x.to_argument()]).with("shift", shift);
    OPERATIONS[4].apply(arguments.with("axis", axis_argument(axis)))
}

/// The axes `source` at the places `destination`, the others in their order.
#[track_caller]
pub fn moveaxis(x: &Tensor, source: &[isize], destination: &[isize]) -> Tensor {
    let arguments = Arguments::of([x.to_argument()]).with("source", integers(source));
    OPERATIONS[5].apply(arguments.with("destination", integers(destination)))
}

/// The tensor with two axes exchanged.
#[track_caller]
pub fn swapaxes(x: &Tensor, axis1: isize, axis2: isize) -> Tensor {
    let arguments = Arguments::of([x.to_argument()]);
    let arguments = arguments.with("axis1", axis_argument(Some(axis1)));
    OPERATIONS[6].apply(arguments.with("axis2", axis_argument(Some(axis2))))
}

/// The tensor cut into `sections` equal parts along an axis.
///
/// # Errors
/// [`Error::Shape`] when the axis is not `sections` times a size.
#[track_caller]
pub fn split(x: &Tensor, sections: usize, axis: isize) -> Result<Vec<Tensor>> {
    let axis = x.shape().axis("split", axis)?;
    let size = x.shape()[axis];
    let even = sections > 0
        && size.batches.is_multiple_of(sections)
        && size.constant.unsigned_abs().is_multiple_of(sections);
    if !even {
        let expected = format!("{sections} equal parts along axis {axis}");
        return Err(Error::shape("split", "x", expected, x.shape()));
    }
    let part =
        Dim { batches: size.batches / sections, constant: size.constant / sections as isize };
    let cut = |place: usize| slice_axis(x, axis, part.times(place), part.times(place + 1));
    (0..sections).map(|place| cut(place).checked()).collect()
}

/// The tensor cut along an axis of fixed size before each of these indices.
///
/// # Errors
/// [`Error::Argument`] when indices do not rise or pass the axis' end.
#[track_caller]
pub fn split_at(x: &Tensor, indices: &[usize], axis: isize) -> Result<Vec<Tensor>> {
    let axis = x.shape().axis("split", axis)?;
    let Some(size) = x.shape()[axis].fixed_size() else {
        let expected = format!("a fixed size at axis {axis}");
        return Err(Error::shape("split", "x", expected, x.shape()));
    };
    let edges: Vec<usize> = [0].into_iter().chain(indices.iter().copied()).chain([size]).collect();
    if !edges.is_sorted() {
        let expected = format!("rising numbers up to {size}");
        return Err(Error::argument("split", "indices", expected, format!("{indices:?}")));
    }
    let cut = |pair: &[usize]| slice_axis(x, axis, Dim::fixed(pair[0]), Dim::fixed(pair[1]));
    edges.windows(2).map(|pair| cut(pair).checked()).collect()
}

/// Whole numbers from 0 up.
fn amounts(operation: &str, name: &str, argument: &Argument) -> Result<Vec<usize>> {
    let given = to_integers(operation, name, argument)?;
    let amounts: Option<Vec<usize>> =
        given.iter().map(|&n| i32::try_from(n).ok().and_then(|n| n.try_into().ok())).collect();
    amounts.ok_or_else(|| {
        let expected = format!("whole numbers from 0 to {}", i32::MAX);
        Error::argument(operation, name, expected, format!("{given:?}"))
    })
}

fn call_repeat(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("repeat", 0)?;
    let repeats = amounts("repeat", "repeats", arguments.attribute("repeats", 1))?;
    let (x, axis) = match arguments.attribute("axis", 2) {
        Argument::None => (flatten("repeat", x)?, 0),
        given => (x.clone(), x.shape().axis("repeat", one_axis("repeat", given, 0)?)?),
    };
    if let [count] = repeats[..] {
        let mut wide = x.shape().to_vec();
        wide.insert(axis + 1, Dim::fixed(count));
        let places: Vec<usize> = (0..=x.rank()).filter(|&place| place != axis + 1).collect();
        let spread = broadcast_in_dim(&x, &Shape::from(wide), &places);
        let mut dims = x.shape().to_vec();
        dims[axis] = dims[axis].times(count);
        return reshape_to(&spread, dims).checked();
    }
    if x.shape()[axis] != Dim::fixed(repeats.len()) {
        let expected =
            format!("one number, or one for each element of axis {axis} of {}", x.shape());
        return Err(Error::argument("repeat", "repeats", expected, format!("{repeats:?}")));
    }
    let total = repeats.iter().fold(0_usize, |total, &count| total.saturating_add(count));
    check_constant("repeat", "repeats", total)?;
    let pairs = repeats.iter().enumerate();
    let indices: Vec<i32> =
        pairs.flat_map(|(index, &count)| std::iter::repeat_n(index as i32, count)).collect();
    let indices = rhyton_tensor::Array::from_slice(&[indices.len()], &indices)?;
    take(&x, &x.constant(indices), axis).checked()
}

fn call_tile(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("tile", 0)?;
    let repeats = amounts("tile", "repeats", arguments.attribute("repeats", 1))?;
    let rank = x.rank().max(repeats.len());
    let ones = |count: usize| std::iter::repeat_n(1, rank - count);
    let repeats: Vec<usize> = ones(repeats.len()).chain(repeats.iter().copied()).collect();
    let dims: Vec<Dim> = ones(x.rank()).map(Dim::fixed).chain(x.shape().iter().copied()).collect();
    let pairs = || repeats.iter().zip(&dims);
    let wide: Shape = pairs().flat_map(|(&count, &dim)| [Dim::fixed(count), dim]).collect();
    let places: Vec<usize> = (0..rank).map(|place| 2 * place + 1).collect();
    let spread = broadcast_in_dim(&reshape_to(x, dims.clone()), &wide, &places);
    let shape: Shape = pairs().map(|(&count, &dim)| dim.times(count)).collect();
    reshape_to(&spread, shape).checked()
}

fn call_stack(arguments: &Arguments) -> Result<Tensor> {
    let Argument::List(items) = arguments.get("stack", 0)? else {
        return Err(Error::argument("stack", "x", "a list of tensors", "one value"));
    };
    let axis = one_axis("stack", arguments.attribute("axis", 1), 0)?;
    let rows = items.iter().map(|item| match item {
        Argument::Tensor(tensor) => expand_dims(tensor, axis).checked(),
        other => Err(Error::argument("stack", "x", "tensors", format!("{other:?}"))),
    });
    concatenate(&rows.collect::<Result<Vec<_>>>()?, axis).checked()
}

fn axes_of(operation: &str, x: &Tensor, name: &str, argument: &Argument) -> Result<Vec<usize>> {
    let given = to_integers(operation, name, argument)?;
    let axes: Result<Vec<usize>> =
        given.iter().map(|&axis| x.shape().axis(operation, axis)).collect();
    let axes = axes?;
    let mut distinct = axes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() == axes.len() {
        return Ok(axes);
    }
    Err(Error::argument(operation, name, "distinct axes", format!("{given:?}")))
}

fn call_flip(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("flip", 0)?;
    let axes = match arguments.attribute("axis", 1) {
        Argument::None => (0..x.rank()).collect(),
        given => axes_of("flip", x, "axis", given)?,
    };
    Tensor::emit(Reverse { axes }, &[x]).checked()
}

fn call_roll(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("roll", 0)?;
    let shifts = to_integers("roll", "shift", arguments.attribute("shift", 1))?;
    let axes = match arguments.attribute("axis", 2) {
        Argument::None => {
            let line = rolled(
                &flatten("roll", x)?,
                shifts.iter().fold(0, |sum, &shift| sum.saturating_add(shift)),
                0,
            )?;
            return reshape_to(&line, x.shape().clone()).checked();
        }
        given => to_integers("roll", "axis", given)?,
    };
    if shifts.len() != axes.len() && shifts.len() != 1 {
        let expected = format!("one number for each of {} axes", axes.len());
        return Err(Error::argument("roll", "shift", expected, format!("{shifts:?}")));
    }
    let mut pairs = axes.iter().zip(shifts.iter().cycle());
    pairs.try_fold(x.clone(), |x, (&axis, &shift)| rolled(&x, shift, x.shape().axis("roll", axis)?))
}

fn rolled(x: &Tensor, shift: isize, axis: usize) -> Result<Tensor> {
    let Some(size) = x.shape()[axis].fixed_size() else {
        let expected = format!("a fixed size at axis {axis}");
        return Err(Error::shape("roll", "x", expected, x.shape()));
    };
    let shift = shift.rem_euclid(size.max(1) as isize) as usize;
    if shift == 0 {
        return Ok(x.clone());
    }
    let part = |from: usize, to: usize| slice_axis(x, axis, Dim::fixed(from), Dim::fixed(to));
    concatenate(&[part(size - shift, size), part(0, size - shift)], axis as isize).checked()
}

fn call_moveaxis(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("moveaxis", 0)?;
    let source = axes_of("moveaxis", x, "source", arguments.attribute("source", 1))?;
    let destination = axes_of("moveaxis", x, "destination", arguments.attribute("destination", 2))?;
    if source.len() != destination.len() {
        let expected = format!("{} axes, as many as source", source.len());
        return Err(Error::argument("moveaxis", "destination", expected, destination.len()));
    }
    let mut others = (0..x.rank()).filter(|axis| !source.contains(axis));
    let order = (0..x.rank()).map(|place| match destination.iter().position(|&to| to == place) {
        Some(which) => source[which],
        None => others.next().expect("as many axes stay as places"),
    });
    transpose(x, &order.collect::<Vec<_>>()).checked()
}

fn call_swapaxes(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("swapaxes", 0)?;
    let axis = |name: &str, place: usize| {
        x.shape().axis("swapaxes", one_axis("swapaxes", arguments.attribute(name, place), 0)?)
    };
    let mut order: Vec<usize> = (0..x.rank()).collect();
    order.swap(axis("axis1", 1)?, axis("axis2", 2)?);
    transpose(x, &order).checked()
}

#[cfg(test)]
mod tests;
