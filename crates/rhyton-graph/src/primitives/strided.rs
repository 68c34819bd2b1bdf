//! Loops of the reference evaluation: over elements as doubles or whole numbers, and over the
//! places of a row-major array. Clarity before speed; backends have their own.

use rhyton_tensor::{Array, DType};

use super::Compare;

/// Applies a function to each element of a float array, computed in f64 and rounded once.
pub(super) fn map_float(x: &Array, function: fn(f64) -> f64) -> Array {
    let values: Vec<f64> = x.to_f64().into_iter().map(function).collect();
    from_doubles(x.dtype(), x.shape(), &values)
}

/// As [`map_float`], for two arrays.
pub(super) fn zip_float(a: &Array, b: &Array, function: fn(f64, f64) -> f64) -> Array {
    let pairs = a.to_f64().into_iter().zip(b.to_f64());
    let values: Vec<f64> = pairs.map(|(a, b)| function(a, b)).collect();
    from_doubles(a.dtype(), a.shape(), &values)
}

/// Applies a function to each element of an integer array; the result wraps.
pub(super) fn map_whole(x: &Array, function: fn(i128) -> i128) -> Array {
    let values: Vec<i128> = wholes(x).into_iter().map(function).collect();
    from_wholes(x.dtype(), x.shape(), &values)
}

/// As [`map_whole`], for two arrays.
pub(super) fn zip_whole(a: &Array, b: &Array, function: impl Fn(i128, i128) -> i128) -> Array {
    let pairs = wholes(a).into_iter().zip(wholes(b));
    let values: Vec<i128> = pairs.map(|(a, b)| function(a, b)).collect();
    from_wholes(a.dtype(), a.shape(), &values)
}

/// A bool for each element.
pub(super) fn predicate(x: &Array, holds: fn(f64) -> bool) -> Array {
    let bools: Vec<bool> = x.to_f64().into_iter().map(holds).collect();
    Array::from_bools(x.shape(), &bools).expect("one bool for each element")
}

/// A bool for each pair of elements.
pub(super) fn compare(a: &Array, b: &Array, comparison: Compare) -> Array {
    let bools: Vec<bool> = if a.dtype().is_integer() {
        wholes(a).into_iter().zip(wholes(b)).map(|(a, b)| comparison.holds(a, b)).collect()
    } else {
        a.to_f64().into_iter().zip(b.to_f64()).map(|(a, b)| comparison.holds(a, b)).collect()
    };
    Array::from_bools(a.shape(), &bools).expect("one bool for each pair")
}

/// The elements of an integer or bool array.
pub(super) fn wholes(x: &Array) -> Vec<i128> {
    let (size, signed) = (x.dtype().size_bytes(), x.dtype().is_signed());
    let widen = |bytes: &[u8]| {
        let negative = signed && bytes[size - 1] >= 0x80;
        let mut wide = [if negative { 0xFF } else { 0 }; 16];
        wide[..size].copy_from_slice(bytes);
        i128::from_le_bytes(wide)
    };
    x.bytes().chunks_exact(size).map(widen).collect()
}

/// An integer or bool array; values wrap to its width.
pub(super) fn from_wholes(dtype: DType, shape: &[usize], values: &[i128]) -> Array {
    let size = dtype.size_bytes();
    let bytes: Vec<u8> =
        values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(size)).collect();
    Array::from_bytes(dtype, shape, &bytes).expect("one value for each place")
}

/// A float array; values round once.
pub(super) fn from_doubles(dtype: DType, shape: &[usize], values: &[f64]) -> Array {
    Array::from_slice(shape, values).expect("one value for each place").cast(dtype)
}

/// The distance in elements between neighbours along each axis of a row-major array.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Calls `visit` with the coordinates of every place of an array, in row-major order.
pub(super) fn for_each_place(shape: &[usize], mut visit: impl FnMut(&[usize])) {
    if shape.contains(&0) {
        return;
    }
    let mut place = vec![0; shape.len()];
    loop {
        visit(&place);
        let Some(axis) = (0..shape.len()).rev().find(|&axis| place[axis] + 1 < shape[axis]) else {
            return;
        };
        place[axis] += 1;
        place[axis + 1..].fill(0);
    }
}

/// An array whose every element is the element of `source` that `origin` names by offset, or the
/// one element of `otherwise` where it names none.
pub(super) fn gather_places(
    source: &Array,
    shape: &[usize],
    otherwise: Option<&Array>,
    mut origin: impl FnMut(&[usize]) -> Option<usize>,
) -> Array {
    let size = source.dtype().size_bytes();
    let mut result = Array::zeros(source.dtype(), shape);
    let mut offset = 0;
    for_each_place(shape, |place| {
        let bytes = match origin(place) {
            Some(from) => &source.bytes()[from * size..][..size],
            None => otherwise.map_or(&[0_u8; 8][..size], Array::bytes),
        };
        result.bytes_mut()[offset..offset + size].copy_from_slice(bytes);
        offset += size;
    });
    result
}

/// The offset of a place by strides.
pub(super) fn offset(place: &[usize], strides: &[usize]) -> usize {
    place.iter().zip(strides).map(|(index, stride)| index * stride).sum()
}
