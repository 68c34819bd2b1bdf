use rhyton_tensor::DType;

use super::comparison::equal;
use super::shaping::{broadcast_in_dim, cast, expand_dims};
use crate::{Dim, Gather, Iota, Scatter, Scattering, Shape, Tensor};

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
