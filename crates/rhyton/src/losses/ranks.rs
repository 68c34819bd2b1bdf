use rhyton_graph::{Dim, Error, Shape, Spec, Tensor, cast, expand_dims, squeeze};
use rhyton_tensor::DType;

use crate::Result;

/// How targets and predictions fit together, by their shapes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// One output a sample.
    Binary,
    /// Class numbers for rows of scores.
    Sparse,
    /// Rows for rows.
    Categorical,
}

/// Keras' rule behind `accuracy` and `crossentropy`.
pub(crate) fn match_targets(y_true: &Spec, y_pred: &Spec) -> Match {
    let (target, output) = (y_true.shape.last(), y_pred.shape.last());
    if output == Some(&Dim::ONE) {
        Match::Binary
    } else if y_true.shape.rank() < y_pred.shape.rank() || target == Some(&Dim::ONE) {
        Match::Sparse
    } else {
        Match::Categorical
    }
}

/// Keras' `squeeze_or_expand_to_same_rank`: where ranks differ by one and the last axis of the
/// longer is 1, that axis is dropped, or a vector on the other side gets one.
pub(crate) fn same_rank(a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor)> {
    let ends_in_one = |x: &Tensor| x.shape().last() == Some(&Dim::ONE);
    let (a, b) = if a.rank() == b.rank() + 1 && ends_in_one(a) {
        if b.rank() == 1 { (a.clone(), expand_dims(b, -1)) } else { (squeeze(a, -1), b.clone()) }
    } else if b.rank() == a.rank() + 1 && ends_in_one(b) {
        if a.rank() == 1 { (expand_dims(a, -1), b.clone()) } else { (a.clone(), squeeze(b, -1)) }
    } else {
        (a.clone(), b.clone())
    };
    Ok((a.checked()?, b.checked()?))
}

/// A tensor in the precision that losses are computed in: float32, or float64 where it is that.
pub(crate) fn precise(x: &Tensor) -> Tensor {
    if x.dtype() == DType::F64 { x.clone() } else { cast(x, DType::F32) }
}

/// Targets and predictions of one rank, shape and element type, for losses that compare them place
/// by place.
pub(crate) fn pair(loss: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
    let y_pred = precise(y_pred);
    let y_true = cast(y_true, y_pred.dtype());
    let (y_true, y_pred) = same_rank(&y_true, &y_pred)?;
    if y_true.shape() == y_pred.shape() {
        return Ok((y_true, y_pred));
    }
    let expected = format!("the shape of y_pred, {}", y_pred.shape());
    Err(Error::shape(loss, "y_true", expected, y_true.shape()).into())
}

/// Class numbers, of the prediction's shape without its last axis, and the count of classes.
pub(crate) fn class_numbers(
    loss: &str,
    y_true: &Tensor,
    y_pred: &Tensor,
) -> Result<(Tensor, usize)> {
    let ends_in_one = y_true.shape().last() == Some(&Dim::ONE);
    let y_true = if y_true.rank() == y_pred.rank() && ends_in_one {
        squeeze(y_true, -1).checked()?
    } else {
        y_true.clone()
    };
    let (classes, places) = match y_pred.shape().split_last() {
        Some((last, places)) => (last.fixed_size(), Shape::from(places.to_vec())),
        None => (None, Shape::scalar()),
    };
    let classes = classes
        .ok_or_else(|| Error::shape(loss, "y_pred", "a last axis of known size", y_pred.shape()))?;
    if *y_true.shape() != places {
        let expected = format!("class numbers of shape {places}, or with a last axis of 1");
        return Err(Error::shape(loss, "y_true", expected, y_true.shape()).into());
    }
    let labels = if y_true.dtype() == DType::I64 { y_true } else { cast(&y_true, DType::I32) };
    Ok((labels, classes))
}
