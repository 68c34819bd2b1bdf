use serde_json::Value;

use super::CallbackState;
use crate::models::Model;
use crate::training::Logs;
use crate::{Error, Result};

/// Which direction is better for a watched value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// By the value's name: losses are better smaller, metrics as Keras says of each. Metrics of
    /// which it says nothing (sums, counts, functions of your own) need one of the others.
    #[default]
    Auto,
    /// Smaller is better.
    Min,
    /// Larger is better.
    Max,
}

/// Metrics that are better larger.
const LARGER_IS_BETTER: &[&str] = &[
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "IoU",
    "MeanIoU",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "TopKCategoricalAccuracy",
];

/// Metrics of which neither direction is better by itself.
const UNDIRECTED: &[&str] = &[
    "FalseNegatives",
    "FalsePositives",
    "Mean",
    "Sum",
    "TrueNegatives",
    "TruePositives",
    "function",
];

/// A watched value and the best of it so far.
///
/// Source: Keras 3.15 `MonitorCallback`.
#[derive(Debug, Clone)]
pub(super) struct Monitor {
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) min_delta: f64,
    pub(super) best: Option<f64>,
    /// The mode, once `Auto` is decided.
    decided: Mode,
}

impl Monitor {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            mode: Mode::Auto,
            min_delta: 0.0,
            best: None,
            decided: Mode::Auto,
        }
    }

    /// Decides which direction is better.
    pub(super) fn decide(&mut self, callback: &str, model: &Model) -> Result<()> {
        if self.mode != Mode::Auto {
            self.decided = self.mode;
        } else if self.decided == Mode::Auto {
            let name = self.name.strip_prefix("val_").unwrap_or(&self.name);
            let class = model.metric_class(name);
            let smaller = name == "loss" || class.is_some_and(|class| !UNDIRECTED.contains(&class));
            self.decided = match class {
                Some(class) if LARGER_IS_BETTER.contains(&class) => Mode::Max,
                _ if smaller => Mode::Min,
                _ => {
                    let expected =
                        format!("Min or Max, since nothing says which `{}` is better", self.name);
                    return Err(Error::config(callback, "mode", expected, "Auto"));
                }
            };
        }
        Ok(())
    }

    /// The value among an epoch's; says once when it is missing.
    pub(super) fn value(&self, callback: &str, logs: &Logs) -> Option<f64> {
        let value = logs.get(&self.name).copied();
        if value.is_none() {
            let known: Vec<&str> = logs.keys().map(String::as_str).collect();
            crate::notices::once(&format!(
                "{callback}: `{}` is not among the values of an epoch ({})",
                self.name,
                known.join(", "),
            ));
        }
        value
    }

    /// Whether a value is better than another by more than `min_delta`; compared as float32, which
    /// is what Keras compares.
    pub(super) fn is_better(&self, value: f64, than: f64) -> bool {
        if self.decided == Mode::Max {
            ((value - self.min_delta) as f32) > than as f32
        } else {
            ((value + self.min_delta) as f32) < than as f32
        }
    }

    /// Takes a value as the best if it is.
    pub(super) fn improves(&mut self, value: f64) -> bool {
        let better = self.best.is_none_or(|best| self.is_better(value, best));
        if better {
            self.best = Some(value);
        }
        better
    }

    /// The best value in a callback's state.
    pub(super) fn best_value(&self) -> Value {
        self.best.map_or(Value::Null, CallbackState::number)
    }
}
