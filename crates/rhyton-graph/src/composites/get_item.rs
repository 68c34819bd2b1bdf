use super::shaping::reshape_to;
use crate::{
    Argument, Arguments, Composite, Dim, Error, Operation, Result, Reverse, Slice, Tensor,
};

/// Keras' reading of parts by indices, as `x[:, 0]`.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "GetItem",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_get_item),
    },
    Operation {
        class_name: "Slice",
        module: "keras.src.ops.core",
        call: Composite::One(call_slice),
    },
];

/// What is taken of one axis: elements `start`, `start + stride`, … before `limit`.
#[derive(Clone, Copy)]
struct Part {
    start: Dim,
    limit: Dim,
    stride: usize,
    reversed: bool,
    /// Whether the axis goes, because one index was named.
    single: bool,
}

impl Part {
    fn between(start: Dim, limit: Dim) -> Self {
        Self { start, limit, stride: 1, reversed: false, single: false }
    }
}

fn call_get_item(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("get_item", 0)?;
    let keys = match arguments.get("get_item", 1)? {
        Argument::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let named = |key: &&Argument| !matches!(key, Argument::None | Argument::Ellipsis);
    let named = keys.iter().filter(named).count();
    let ellipses = keys.iter().filter(|key| matches!(key, Argument::Ellipsis)).count();
    if named > x.rank() || ellipses > 1 {
        let expected = format!("at most {} indices and one ellipsis", x.rank());
        let received = format!("{named} and {ellipses}");
        return Err(Error::argument("get_item", "key", expected, received));
    }
    let rest = x.rank() - named;
    let whole = |axis: usize| Part::between(Dim::fixed(0), x.shape()[axis]);
    let mut parts = Vec::new();
    // Where an axis of size 1 comes in front of the axis of this number.
    let mut new_axes = Vec::new();
    for key in keys {
        match key {
            Argument::None => new_axes.push(parts.len()),
            Argument::Ellipsis => (0..rest).for_each(|_| parts.push(whole(parts.len()))),
            other => parts.push(part(other, x.shape()[parts.len()])?),
        }
    }
    (parts.len()..x.rank()).for_each(|axis| parts.push(whole(axis)));
    let taken = take_parts(x, &parts)?;
    let mut dims = Vec::new();
    for (axis, part) in parts.iter().enumerate() {
        dims.extend(new_axes.iter().filter(|&&place| place == axis).map(|_| Dim::ONE));
        dims.extend((!part.single).then(|| taken.shape()[axis]));
    }
    dims.extend(new_axes.iter().filter(|&&place| place == parts.len()).map(|_| Dim::ONE));
    reshape_to(&taken, dims).checked()
}

fn take_parts(x: &Tensor, parts: &[Part]) -> Result<Tensor> {
    let whole = parts
        .iter()
        .zip(x.shape().iter())
        .all(|(part, &size)| part.start == Dim::fixed(0) && part.limit == size && part.stride == 1);
    let mut taken = x.clone();
    if !whole {
        let start = parts.iter().map(|part| part.start).collect();
        let limit = parts.iter().map(|part| part.limit).collect();
        let stride = parts.iter().map(|part| part.stride).collect();
        taken = Tensor::emit(Slice { start, limit, stride }, &[x]).checked()?;
    }
    let axes: Vec<usize> = (0..parts.len()).filter(|&axis| parts[axis].reversed).collect();
    if !axes.is_empty() {
        taken = Tensor::emit(Reverse { axes }, &[&taken]).checked()?;
    }
    Ok(taken)
}

/// What an index or a slice means for an axis of this size.
fn part(key: &Argument, size: Dim) -> Result<Part> {
    match key {
        Argument::Integer(index) => single(*index, size),
        Argument::Slice([start, stop, step]) => match size.fixed_size() {
            Some(size) => of_fixed(*start, *stop, step.unwrap_or(1), size),
            None => of_batch(*start, *stop, step.unwrap_or(1), size),
        },
        other => {
            let expected =
                "whole numbers, slices, an ellipsis or None (for lists of indices: take)";
            Err(Error::argument("get_item", "key", expected, format!("{other:?}")))
        }
    }
}

fn single(index: i64, size: Dim) -> Result<Part> {
    let outside = || {
        let expected = format!("an index of an axis of size {size}");
        Error::argument("get_item", "key", expected, index)
    };
    let place = isize::try_from(index).map_err(|_too_large| outside())?;
    let start = if place < 0 { size.offset(place) } else { Dim::fixed(place.unsigned_abs()) };
    if size.fixed_size().is_some_and(|size| start.constant < 0 || start.constant >= size as isize) {
        return Err(outside());
    }
    Ok(Part { single: true, ..Part::between(start, start.offset(1)) })
}

/// Python's slice of an axis: ends beyond it are its ends, negative ones count from the back.
fn of_fixed(start: Option<i64>, stop: Option<i64>, step: i64, size: usize) -> Result<Part> {
    let length = size as i64;
    if step == 0 {
        return Err(Error::argument("get_item", "key", "a step that is not 0", step));
    }
    let counted = |end: i64| if end < 0 { end.saturating_add(length) } else { end };
    let fixed = |place: i64| Dim::fixed(place.unsigned_abs() as usize);
    let stride = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
    if step > 0 {
        let start = counted(start.unwrap_or(0)).clamp(0, length);
        let stop = counted(stop.unwrap_or(length)).clamp(start, length);
        return Ok(Part { stride, ..Part::between(fixed(start), fixed(stop)) });
    }
    // From `first` down to `last`, which is above `stop`: the same elements taken upwards.
    let first = start.map_or(length - 1, |start| counted(start).clamp(-1, length - 1));
    let stop = stop.map_or(-1, |stop| counted(stop).clamp(-1, first));
    let steps = (first - stop - 1).max(0) / step.unsigned_abs().min(i64::MAX as u64) as i64;
    let last = if first > stop { first + step * steps } else { 0 };
    let limit = if first > stop { first + 1 } else { 0 };
    Ok(Part { stride, reversed: true, ..Part::between(fixed(last), fixed(limit)) })
}

/// A slice of the axis of the batch, whose size is known when a batch comes.
fn of_batch(start: Option<i64>, stop: Option<i64>, step: i64, size: Dim) -> Result<Part> {
    let refuse = || {
        let expected = "for the axis of the batch, step 1 and an end counted from the back";
        let received = format!("{start:?}, {stop:?}, {step}");
        Error::argument("get_item", "key", expected, received)
    };
    let place = |end: i64| isize::try_from(end).map_err(|_too_large| refuse());
    let from = match start {
        None => Dim::fixed(0),
        Some(start) if start < 0 => size.offset(place(start)?),
        Some(start) => Dim::fixed(place(start)?.unsigned_abs()),
    };
    match stop {
        _ if step != 1 => Err(refuse()),
        None => Ok(Part::between(from, size)),
        Some(stop) if stop < 0 => Ok(Part::between(from, size.offset(place(stop)?))),
        Some(_) => Err(refuse()),
    }
}

/// The box of the sizes `shape` that begins at indices; −1 takes the rest of an axis.
fn call_slice(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("slice", 0)?;
    let starts = super::shaping::to_integers("slice", "start_indices", arguments.get("slice", 1)?)?;
    let sizes = super::shaping::to_integers("slice", "shape", arguments.attribute("shape", 2))?;
    if starts.len() != x.rank() || sizes.len() != x.rank() {
        let expected = format!("{} numbers each", x.rank());
        let received = format!("{starts:?}, {sizes:?}");
        return Err(Error::argument("slice", "start_indices, shape", expected, received));
    }
    let ends = starts.iter().zip(&sizes).zip(x.shape().iter());
    let parts = ends.map(|((&start, &size), &dim)| {
        let refuse = |_negative| Error::argument("slice", "start_indices", "numbers from 0", start);
        let start = Dim::fixed(usize::try_from(start).map_err(refuse)?);
        let limit = usize::try_from(size).map_or(dim, |size| start.offset(size as isize));
        Ok(Part::between(start, limit))
    });
    take_parts(x, &parts.collect::<Result<Vec<_>>>()?)
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::{Array, DType};

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, eval};

    fn item(x: &Tensor, keys: &[Argument]) -> Tensor {
        OPERATIONS[0].apply(Arguments::of([x.to_argument(), Argument::List(keys.to_vec())]))
    }

    fn span(start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> Argument {
        Argument::Slice([start, stop, step])
    }

    #[test]
    fn parts_have_their_gradients() {
        let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[4, 3])), -1.0, 1.0);
        check_op(&[x], |x| {
            let all = span(None, None, None);
            vec![
                item(&x[0], &[all.clone(), Argument::Integer(-2)]),
                item(&x[0], &[all.clone(), span(None, None, Some(-2)), Argument::None]),
                item(&x[0], &[Argument::Ellipsis, Argument::Integer(0)]),
                item(&x[0], &[all, span(Some(1), Some(-1), None)]),
            ]
        });
    }

    /// `x[key]` of NumPy, for every start, stop and step near the ends.
    #[test]
    fn slices_are_those_of_python() {
        let line = Array::from_slice(&[5], &[0_i32, 1, 2, 3, 4]).unwrap();
        let of = |key: Argument| eval(|x| vec![item(&x[0], std::slice::from_ref(&key))], &[&line]);
        let cases: [(Argument, &[i32]); 9] = [
            (span(None, None, None), &[0, 1, 2, 3, 4]),
            (span(Some(-2), None, None), &[3, 4]),
            (span(None, Some(-7), None), &[]),
            (span(Some(1), Some(99), Some(2)), &[1, 3]),
            (span(None, None, Some(-1)), &[4, 3, 2, 1, 0]),
            (span(Some(-2), Some(0), Some(-2)), &[3, 1]),
            (span(Some(99), Some(1), Some(-3)), &[4]),
            (span(Some(1), Some(3), Some(-1)), &[]),
            (span(Some(3), None, Some(-2)), &[3, 1]),
        ];
        for (key, expected) in cases {
            assert_eq!(of(key.clone()).unwrap()[0].view::<i32>(), expected, "{key:?}");
        }
        assert!(of(Argument::Integer(5)).unwrap_err().to_string().contains("size 5"));
        assert!(of(span(None, None, Some(0))).is_err());
        assert!(of(Argument::List(vec![Argument::Integer(1)])).is_err());
    }

    #[test]
    fn a_batch_is_cut_from_both_ends() {
        let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[2])), -1.0, 1.0);
        check_op(&[x], |x| {
            vec![
                item(&x[0], &[span(Some(1), None, None)]),
                item(&x[0], &[span(None, Some(-1), None)]),
                item(&x[0], &[Argument::Integer(-1)]),
            ]
        });
    }
}
