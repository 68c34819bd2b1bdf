//! The four ways in which targets and predictions can meet at thresholds, counted, and Keras' rules
//! for thresholds.

use rhyton_graph::{
    Cumulative, Tensor, cast, ceil, clip, expand_dims, greater, iota_like, less, maximum, reshape,
    reshape_to, scatter_add, select, sum, take, transpose,
};
use rhyton_tensor::{Array, DType};

use super::MetricState;
use super::top_k::{check_top_k, is_in_top};
use crate::losses::same_rank;
use crate::objects::Numbers;
use crate::{Error, Result};

/// What predictions that are not among the best k count as.
pub(super) const FAR_BELOW: f64 = -1e10;

/// How targets and predictions are counted.
#[derive(Debug, Default)]
pub(super) struct Confusion<'a> {
    /// The metric's name, for messages.
    pub(super) metric: &'a str,
    /// A prediction above one of them means yes, at that threshold.
    pub(super) thresholds: Vec<f64>,
    /// Only the best k predictions of a sample can mean yes.
    pub(super) top_k: Option<usize>,
    /// Only this class counts.
    pub(super) class_id: Option<usize>,
    /// How much each class counts.
    pub(super) label_weights: Option<&'a [f64]>,
    /// Whether each class is counted for itself.
    pub(super) by_label: bool,
}

/// Sums of weights at each threshold, `[T]`, or `[T, classes]` when each is counted for itself.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) true_positives: Tensor,
    pub(super) false_positives: Tensor,
    pub(super) true_negatives: Tensor,
    pub(super) false_negatives: Tensor,
}

impl Counts {
    /// All four, in Keras' order.
    pub(super) fn all(self) -> [Tensor; 4] {
        [self.true_positives, self.false_positives, self.true_negatives, self.false_negatives]
    }
}

/// Weights of what is true and of what is false, and predictions, all of one shape.
struct Places {
    trues: Tensor,
    falses: Tensor,
    y_pred: Tensor,
}

impl Confusion<'_> {
    /// The counts of a batch.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …, classes]` or `[N]`, `sample_weight: [N]` or as targets.
    pub(super) fn count(
        &self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Counts> {
        let places = self.places(y_true, y_pred, sample_weight)?;
        let [true_positives, false_positives] = if is_even(&self.thresholds) {
            self.in_buckets(&places)?
        } else {
            self.at_each(&places)?
        };
        let axes: Option<&[isize]> = if self.by_label { Some(&[0]) } else { None };
        let negatives = |all: &Tensor, positives: &Tensor| sum(all, axes, false) - positives;
        Ok(Counts {
            true_negatives: negatives(&places.falses, &false_positives).checked()?,
            false_negatives: negatives(&places.trues, &true_positives).checked()?,
            true_positives,
            false_positives,
        })
    }

    /// Adds the counts of a batch to states of some of them, in Keras' order.
    pub(super) fn accumulate(states: &[Tensor], counts: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let sums = states.iter().zip(counts).map(|(state, count)| state + count);
        Ok(sums.map(Tensor::checked).collect::<Result<_, _>>()?)
    }

    fn places(
        &self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Places> {
        let (y_true, y_pred) = (cast(y_true, DType::F32), cast(y_pred, DType::F32));
        let (mut y_pred, mut y_true) = same_rank(&y_pred, &y_true)?;
        if y_true.shape() != y_pred.shape() || y_pred.rank() == 0 {
            let expected = format!("the shape of y_pred, {}", y_pred.shape());
            let shape = y_true.shape();
            return Err(rhyton_graph::Error::shape(self.metric, "y_true", expected, shape).into());
        }
        let weight = sample_weight.map(|weight| spread(&cast(weight, DType::F32), y_true.rank()));
        if let Some(k) = self.top_k {
            check_top_k(self.metric, &y_pred, k)?;
            y_pred = select(is_in_top(&y_pred, k)?, &y_pred, FAR_BELOW);
        }
        if let Some(class) = self.class_id {
            y_true = one_class(self.metric, &y_true, class)?;
            y_pred = one_class(self.metric, &y_pred, class)?;
        }
        if self.by_label && y_pred.rank() != 2 {
            let expected = "[N, classes] with multi_label";
            let shape = y_pred.shape();
            return Err(rhyton_graph::Error::shape(self.metric, "y_pred", expected, shape).into());
        }
        let mut trues = cast(&cast(&y_true, DType::Bool), DType::F32);
        let mut falses = 1.0 - &trues;
        let label_weights =
            self.label_weights.map(|weights| Array::from_slice(&[weights.len()], weights));
        let label_weights = label_weights.transpose()?.map(|w| trues.constant(w.cast(DType::F32)));
        for weight in weight.into_iter().chain(label_weights) {
            (trues, falses) = (trues * &weight, falses * &weight);
        }
        let flat = |x: Tensor| if self.by_label { x } else { reshape(&x, &[-1]) };
        let (trues, falses) = (flat(trues).checked()?, flat(falses).checked()?);
        Ok(Places { trues, falses, y_pred: flat(y_pred).checked()? })
    }

    /// True and false positives for thresholds i / (T − 1): what lies in each bucket, summed from
    /// the last bucket on.
    fn in_buckets(&self, places: &Places) -> Result<[Tensor; 2]> {
        let count = self.thresholds.len();
        let bucket = ceil(clip(&places.y_pred, 0, 1) * (count as f64 - 1.0)) - 1.0;
        let outside = self.thresholds[0] < 0.0 || self.thresholds[count - 1] > 1.0;
        let bucket = if outside { maximum(bucket, 0.0) } else { bucket };
        let bucket = cast(&bucket, DType::I32);
        // Each label has its own buckets, one after another.
        let (bucket, labels) = if self.by_label {
            let labels = places.y_pred.shape()[1].fixed_size().unwrap_or(1);
            let first = iota_like(&bucket, 1, DType::I32) * count as i64;
            (select(less(&bucket, 0), -1, &bucket + first), labels)
        } else {
            (bucket, 1)
        };
        let bucket = reshape(&bucket, &[-1]);
        let above = |weights: &Tensor| {
            let empty = weights.constant(Array::zeros(DType::F32, &[labels * count]));
            let each = scatter_add(&empty, &bucket, &reshape(weights, &[-1]), 0);
            let rows = reshape_to(&each, [labels, count].as_slice());
            let cumulative = Cumulative { axis: 1, exclusive: false, reverse: true };
            let sums = Tensor::emit(cumulative, &[&rows]);
            let sums =
                if self.by_label { transpose(&sums, &[1, 0]) } else { reshape(&sums, &[-1]) };
            sums.checked()
        };
        Ok([above(&places.trues)?, above(&places.falses)?])
    }

    /// True and false positives for any thresholds: every prediction against every one.
    fn at_each(&self, places: &Places) -> Result<[Tensor; 2]> {
        let mut shape = vec![1; places.y_pred.rank() + 1];
        shape[0] = self.thresholds.len();
        let thresholds = Array::from_slice(&shape, &self.thresholds)?.cast(DType::F32);
        let above = greater(expand_dims(&places.y_pred, 0), places.y_pred.constant(thresholds));
        let total = |weights: &Tensor| {
            sum(&select(&above, expand_dims(weights, 0), 0), Some(&[1]), false).checked()
        };
        Ok([total(&places.trues)?, total(&places.falses)?])
    }
}

/// Weights of samples with axes behind them up to a rank: `[N]` counts for all places of a sample.
pub(super) fn spread(weight: &Tensor, rank: usize) -> Tensor {
    (weight.rank()..rank).fold(weight.clone(), |weight, _| expand_dims(&weight, -1))
}

/// The values of one class, its axis kept.
fn one_class(metric: &str, x: &Tensor, class: usize) -> Result<Tensor> {
    let classes = x.shape().last().and_then(|dim| dim.fixed_size()).unwrap_or(0);
    if x.rank() < 2 || class >= classes {
        let expected = format!("a class below {classes}, on an axis behind the samples'");
        return Err(Error::config(metric, "class_id", expected, class));
    }
    let index = x.constant(Array::from_slice(&[1], &[class as i32])?);
    Ok(take(x, &index, x.rank() - 1).checked()?)
}

/// The thresholds of a setting: as given, or ½ (with `top_k`, all that are among the best).
pub(super) fn or_default(thresholds: &Numbers<f64>, top_k: Option<usize>) -> Vec<f64> {
    let default = if top_k.is_some() { FAR_BELOW } else { 0.5 };
    thresholds.get().map_or_else(|| vec![default], <[f64]>::to_vec)
}

/// `count` thresholds from 0 to 1, or ½ alone.
pub(super) fn evenly(count: usize) -> Vec<f64> {
    match count {
        1 => vec![0.5],
        _ => (0..count).map(|i| i as f64 / (count - 1) as f64).collect(),
    }
}

/// Whether there are at least three thresholds, i / (T − 1) up to rounding.
fn is_even(thresholds: &[f64]) -> bool {
    let near = |(threshold, even): (&f64, f64)| (threshold - even).abs() <= 1e-7 + 1e-5 * even;
    thresholds.len() >= 3 && thresholds.iter().zip(evenly(thresholds.len())).all(near)
}

/// The most thresholds that a metric may have.
const THRESHOLDS_MAX: usize = 1_000_000;

/// Refuses a number of thresholds below the least, or whose counts would take too much memory.
pub(super) fn check_count(metric: &str, least: usize, count: usize) -> Result<()> {
    if (least..=THRESHOLDS_MAX).contains(&count) {
        return Ok(());
    }
    let expected = format!("a number from {least} to {THRESHOLDS_MAX}");
    Err(Error::config(metric, "num_thresholds", expected, count))
}

/// Refuses thresholds outside [0, 1] and none at all.
pub(super) fn check_thresholds(metric: &str, thresholds: &Numbers<f64>) -> Result<()> {
    match thresholds.get() {
        None => Ok(()),
        Some(given) if !given.is_empty() && given.iter().all(|t| (0.0..=1.0).contains(t)) => Ok(()),
        Some(given) => {
            let expected = "a number in [0, 1], or a list of such";
            Err(Error::config(metric, "thresholds", expected, format!("{given:?}")))
        }
    }
}

/// States of some shape, in Keras' order.
pub(super) fn states(names: &[&'static str], shape: &[usize]) -> Vec<MetricState> {
    names.iter().map(|name| MetricState::new(name, shape)).collect()
}

pub(super) const COUNTS: [&str; 4] =
    ["true_positives", "false_positives", "true_negatives", "false_negatives"];

/// a / (a + b) at each threshold, 0 where nothing was counted.
pub(super) fn shares(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(&a, &b)| divide_no_nan(a, a + b)).collect()
}

pub(super) fn divide_no_nan(a: f32, b: f32) -> f32 {
    if b == 0.0 { 0.0 } else { a / b }
}
