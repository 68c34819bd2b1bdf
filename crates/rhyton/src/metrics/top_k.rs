//! Which predictions are among the best k of their row.

use rhyton_graph::{
    Iota, Shape, Tensor, absolute, all, any, equal, expand_dims, greater, less, logical_and,
    one_hot, select, sum, top_k,
};
use rhyton_tensor::DType;

use crate::losses::class_numbers;
use crate::{Error, Result};

/// Whether a prediction is among the best k of its row; of equal ones the first.
pub(super) fn is_in_top(y_pred: &Tensor, k: usize) -> Result<Tensor> {
    let (_, best) = top_k(y_pred, k);
    let line = Shape::from(y_pred.shape().last().map_or_else(Vec::new, |dim| vec![*dim]));
    let place = y_pred.leaf(Iota { shape: line, axis: 0, dtype: DType::I32 });
    Ok(any(&equal(expand_dims(&best, -1), place), Some(&[-2]), false).checked()?)
}

/// Refuses targets that are no rows of scores: the largest of class numbers, looked for among the
/// samples, means nothing.
pub(super) fn one_hot_targets(metric: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<()> {
    let (given, scores) = (y_true.shape(), y_pred.shape());
    if given.rank() == scores.rank() && given.last() == scores.last() {
        return Ok(());
    }
    let expected = format!(
        "one-hot targets {scores}; class numbers have sparse_categorical_accuracy and \
         sparse_top_k_categorical_accuracy"
    );
    Err(Error::config(metric, "y_true", expected, given))
}

/// Refuses more best predictions than a row has.
pub(super) fn check_top_k(metric: &str, y_pred: &Tensor, k: usize) -> Result<()> {
    match y_pred.shape().last().and_then(|dim| dim.fixed_size()) {
        Some(classes) if k > classes => {
            let expected = format!("at most {classes}, the predictions of a sample");
            Err(Error::config(metric, "top_k", expected, k))
        }
        _ => Ok(()),
    }
}

/// Whether the prediction of the true class is among the best k of its row: fewer than k are
/// larger. False where a prediction is not finite or the class is not in the row.
pub(super) fn is_class_in_top(
    metric: &str,
    y_true: &Tensor,
    y_pred: &Tensor,
    k: usize,
) -> Result<Tensor> {
    let (labels, classes) = class_numbers(metric, y_true, y_pred)?;
    let is_class = one_hot(&labels, classes, DType::Bool);
    let own = sum(&select(&is_class, y_pred, 0), Some(&[-1]), true);
    let larger = sum(&greater(y_pred, own), Some(&[-1]), false);
    let finite = all(&less(absolute(y_pred), f64::INFINITY), Some(&[-1]), false);
    let known = logical_and(&finite, &any(&is_class, Some(&[-1]), false));
    Ok(logical_and(&known, &less(larger, k as i64)).checked()?)
}
