use rhyton_graph::{Spec, Tensor, sigmoid};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::confusion::{self, COUNTS, Confusion, divide_no_nan, evenly};
use super::{Metric, MetricSpec, MetricState, MetricValue, floats, read};
use crate::losses::EPSILON;
use crate::{Error, Result};

/// The area under a curve that a moving threshold draws; 1 is best.
///
/// It is a sum over the thresholds, so it gets nearer to the true area the more there are.
///
/// # Shapes
/// `y_true, y_pred: [N, …]`, targets 0 or 1, predictions in [0, 1]; `[N, classes]` with
/// `multi_label`.
///
/// Source: Keras 3.15 `keras.metrics.AUC`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct AUC {
    /// How many thresholds there are from 0 to 1, at least 2; default 200.
    num_thresholds: usize,
    /// The curve; default ROC.
    curve: Curve,
    /// How the area between two thresholds is taken; default by interpolation.
    summation_method: Summation,
    /// Thresholds in [0, 1] instead of `num_thresholds` even ones.
    thresholds: Option<Vec<f64>>,
    /// Whether each class has its own curve; the result is then the mean of their areas.
    multi_label: bool,
    /// How many classes there are; the data says it too.
    num_labels: Option<usize>,
    /// How much each class counts; default equally.
    label_weights: Option<Vec<f64>>,
    /// Whether predictions are logits; default false.
    from_logits: bool,
    /// The key in logs; default `auc`.
    name: String,
}

/// What a curve has on its axes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// True positive rate over false positive rate.
    #[default]
    #[serde(rename = "ROC", alias = "roc")]
    Roc,
    /// Precision over recall.
    #[serde(rename = "PR", alias = "pr")]
    PrecisionRecall,
    /// Precision gain over recall gain: Flach and Kull 2015.
    #[serde(rename = "PRGAIN", alias = "prgain")]
    PrecisionRecallGain,
}

/// The height of the area between two thresholds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Summation {
    /// The mean of both sides; for precision over recall the interpolation of Davis and Goadrich
    /// 2006.
    #[default]
    #[serde(alias = "Interpolation")]
    Interpolation,
    /// The larger side.
    #[serde(alias = "Majoring")]
    Majoring,
    /// The smaller side.
    #[serde(alias = "Minoring")]
    Minoring,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "AUC",
    module: "keras.metrics",
    aliases: &["auc"],
    from_config: read::<AUC>,
    cases: &[
        r#"{"name": "auc"}"#,
        r#"{"curve": "PR", "name": "auc"}"#,
        r#"{"curve": "PR", "summation_method": "majoring", "num_thresholds": 11, "name": "area"}"#,
        r#"{"curve": "PRGAIN", "num_thresholds": 21, "name": "area"}"#,
        r#"{"summation_method": "minoring", "thresholds": [0.1, 0.3, 0.35, 0.8], "name": "area"}"#,
        r#"{"thresholds": [0.25, 0.5, 0.75], "label_weights": [1.0, 0.5, 2.0, 1.0], "name": "area"}"#,
        r#"{"multi_label": true, "num_labels": 4, "label_weights": [1.0, 0.5, 2.0, 1.0], "name": "area"}"#,
        r#"{"curve": "PR", "multi_label": true, "thresholds": [0.2, 0.5], "name": "area"}"#,
        r#"{"from_logits": true, "num_thresholds": 50, "name": "area"}"#,
    ],
};

metric_settings!(
    AUC, "auc", always "name";
    num_thresholds: 200,
    curve: Curve::Roc,
    summation_method: Summation::Interpolation,
    thresholds: None,
    multi_label: false,
    num_labels: None,
    label_weights: None,
    from_logits: false
);

impl AUC {
    /// All thresholds, with one below 0 and one above 1.
    fn all_thresholds(&self) -> Vec<f64> {
        let mut inner = match &self.thresholds {
            Some(given) => given.clone(),
            None => evenly(self.num_thresholds.max(2))[1..self.num_thresholds.max(2) - 1].to_vec(),
        };
        inner.sort_by(f64::total_cmp);
        let (first, last) = (-EPSILON, 1.0 + EPSILON);
        std::iter::once(first).chain(inner).chain([last]).collect()
    }

    /// The area under the curve of one class.
    fn area(&self, counts: &[Vec<f32>; 4]) -> f32 {
        let points: Vec<Point> = (0..counts[0].len())
            .map(|i| Point {
                tp: counts[0][i],
                fp: counts[1][i],
                tn: counts[2][i],
                fn_: counts[3][i],
            })
            .collect();
        let interpolate = self.summation_method == Summation::Interpolation;
        if self.curve == Curve::PrecisionRecall && interpolate {
            return points.windows(2).map(|pair| between(pair[0], pair[1])).sum();
        }
        let curve: Vec<(f32, f32)> = points.iter().map(|point| point.on(self.curve)).collect();
        let slice = |pair: &[(f32, f32)]| {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let height = match self.summation_method {
                Summation::Interpolation => f32::midpoint(y0, y1),
                Summation::Majoring => y0.max(y1),
                Summation::Minoring => y0.min(y1),
            };
            (x0 - x1) * height
        };
        curve.windows(2).map(slice).sum()
    }
}

impl Metric for AUC {
    fn validate(&self) -> Result<()> {
        let thresholds = self.thresholds.as_deref().unwrap_or_default();
        if !thresholds.iter().all(|t| (0.0..=1.0).contains(t)) {
            let received = format!("{thresholds:?}");
            return Err(Error::config("AUC", "thresholds", "numbers in [0, 1]", received));
        }
        confusion::check_count("AUC", 2, self.num_thresholds)
    }

    fn states(&self, _: &Spec, y_pred: &Spec) -> Result<Vec<MetricState>> {
        let mut shape = vec![self.all_thresholds().len()];
        if self.multi_label {
            let labels = y_pred.shape.last().and_then(|dim| dim.fixed_size());
            let expected = "[N, classes] with multi_label";
            shape.push(labels.filter(|_| y_pred.shape.rank() == 2).ok_or_else(|| {
                rhyton_graph::Error::shape(&self.name, "y_pred", expected, &y_pred.shape)
            })?);
        }
        Ok(confusion::states(&COUNTS, &shape))
    }

    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let chances = if self.from_logits { sigmoid(y_pred) } else { y_pred.clone() };
        let confusion = Confusion {
            metric: &self.name,
            thresholds: self.all_thresholds(),
            label_weights: self.label_weights.as_deref().filter(|_| !self.multi_label),
            by_label: self.multi_label,
            ..Confusion::default()
        };
        let counts = confusion.count(y_true, &chances, sample_weight)?;
        Confusion::accumulate(states, counts.all().into())
    }

    fn result(&self, states: &[Array]) -> MetricValue {
        let labels = states.first().and_then(|state| state.shape().get(1)).copied().unwrap_or(1);
        let counts = [0, 1, 2, 3].map(|place| floats(states, place));
        let of_label = |label: usize| {
            let own = |all: &Vec<f32>| all.iter().skip(label).step_by(labels).copied().collect();
            self.area(&[own(&counts[0]), own(&counts[1]), own(&counts[2]), own(&counts[3])])
        };
        if !self.multi_label {
            return MetricValue::Number(of_label(0).into());
        }
        let weight = |label: usize| {
            let given = self.label_weights.as_ref().and_then(|weights| weights.get(label));
            given.map_or(1.0, |&weight| weight as f32)
        };
        let total: f32 = (0..labels).map(weight).sum();
        let areas: f32 = (0..labels).map(|label| of_label(label) * weight(label)).sum();
        MetricValue::Number(divide_no_nan(areas, total).into())
    }
}

/// The counts at one threshold.
#[derive(Debug, Clone, Copy)]
struct Point {
    tp: f32,
    fp: f32,
    tn: f32,
    fn_: f32,
}

impl Point {
    /// Where the point lies on a curve.
    fn on(self, curve: Curve) -> (f32, f32) {
        let recall = divide_no_nan(self.tp, self.tp + self.fn_);
        match curve {
            Curve::Roc => (divide_no_nan(self.fp, self.fp + self.tn), recall),
            Curve::PrecisionRecall => (recall, divide_no_nan(self.tp, self.tp + self.fp)),
            Curve::PrecisionRecallGain if self.tp == 0.0 => (0.0, 1.0),
            Curve::PrecisionRecallGain => {
                let scale = divide_no_nan(self.tp + self.fn_, self.tn + self.fp);
                let gain = |wrong: f32| 1.0 - scale * divide_no_nan(wrong, self.tp);
                (gain(self.fn_).max(0.0), gain(self.fp))
            }
        }
    }
}

/// The area under precision over recall between two thresholds, where both counts change in
/// proportion.
fn between(from: Point, to: Point) -> f32 {
    let (p, next) = (from.tp + from.fp, to.tp + to.fp);
    let change = from.tp - to.tp;
    let slope = divide_no_nan(change, (p - next).max(0.0));
    let intercept = to.tp - slope * next;
    let ratio = if p > 0.0 && next > 0.0 { p / next } else { 1.0 };
    divide_no_nan(slope * (change + intercept * ratio.ln()), (to.tp + to.fn_).max(0.0))
}
