//! What the catalogue's functions that change the shape have in common.

use rhyton_graph::{Dim, Error, Result, Tensor, reshape_to, slice_axis};

use super::Activation;

/// a · gate(b), where a and b are the halves of x along an axis and `gate` is a built-in.
pub(super) fn gated(x: &Tensor, axis: f64, gate: &'static str) -> Tensor {
    let value = || {
        let [a, b] = halves(x, axis)?;
        Ok(a * built_in(gate, &b))
    };
    value().unwrap_or_else(Tensor::failed)
}

/// A built-in of one element with its defaults.
pub(super) fn built_in(name: &'static str, x: &Tensor) -> Tensor {
    bound(name, &[], x)
}

/// A built-in of one element with values of its parameters.
pub(super) fn bound(name: &'static str, parameters: &[(&str, f64)], x: &Tensor) -> Tensor {
    let failed =
        |error: crate::Error| Tensor::failed(Error::Message { message: error.to_string() });
    Activation::of(name, parameters).apply(x).unwrap_or_else(failed)
}

/// The halves of a tensor along an axis.
///
/// # Errors
/// An axis that it does not have; an odd size.
pub(super) fn halves(x: &Tensor, axis: f64) -> Result<[Tensor; 2]> {
    let x = x.clone().checked()?;
    let axis = x.shape().axis("halves", axis as isize)?;
    let half = part(&x, axis, 2)?;
    let size = x.shape()[axis];
    Ok([slice_axis(&x, axis, Dim::fixed(0), half), slice_axis(&x, axis, half, size)])
}

/// The tensor with an axis cut into groups of `size` neighbours, which get an axis of their own
/// behind it; and the place of that axis.
///
/// # Errors
/// An axis that it does not have; a size that `size` does not divide.
pub(super) fn groups(x: &Tensor, size: f64, axis: f64) -> Result<(Tensor, usize)> {
    let x = x.clone().checked()?;
    let axis = x.shape().axis("groups", axis as isize)?;
    let size = size as usize;
    let count = part(&x, axis, size)?;
    let mut dims = x.shape().to_vec();
    dims.splice(axis..=axis, [count, Dim::fixed(size)]);
    Ok((reshape_to(&x, dims).checked()?, axis + 1))
}

/// The size of an axis through `count`.
fn part(x: &Tensor, axis: usize, count: usize) -> Result<Dim> {
    let Dim { batches, constant } = x.shape()[axis];
    let whole = count > 0 && batches.is_multiple_of(count) && constant % count as isize == 0;
    if !whole {
        let expected = format!("a size at axis {axis} that {count} divides");
        return Err(Error::shape("activation", "x", expected, x.shape()));
    }
    Ok(Dim { batches: batches / count, constant: constant / count as isize })
}
