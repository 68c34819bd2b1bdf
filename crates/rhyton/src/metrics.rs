//! Keras' metrics: numbers that are watched, accumulated over batches in variables of the program.
//!
//! Not here: which metric belongs to which output, log keys of several outputs (training). To add
//! one: a file, its `mod` line and its line in [`METRICS`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_tensor::Array;
use serde_json::{Map, Value, json};

use crate::Result;
use crate::losses::{Match, match_targets};
use crate::objects::{ObjectList, ObjectSpec};

mod accuracy;
mod binary_accuracy;
mod binary_crossentropy;
mod categorical_accuracy;
mod categorical_crossentropy;
mod mean;
mod mean_absolute_error;
mod mean_squared_error;
mod sparse_categorical_accuracy;
mod sparse_categorical_crossentropy;

pub use accuracy::Accuracy;
pub use binary_accuracy::BinaryAccuracy;
pub use binary_crossentropy::BinaryCrossentropy;
pub use categorical_accuracy::CategoricalAccuracy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use mean::{accumulate_mean, mean_result, mean_states};
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_squared_error::MeanSquaredError;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;

/// One kind of metric in the list of all.
pub type MetricSpec = ObjectSpec<dyn Metric>;

/// All metrics that are built in.
pub static METRICS: ObjectList<dyn Metric> = ObjectList {
    kind: "metric",
    specs: &[
        &accuracy::SPEC,
        &binary_accuracy::SPEC,
        &binary_crossentropy::SPEC,
        &categorical_accuracy::SPEC,
        &categorical_crossentropy::SPEC,
        &mean_absolute_error::SPEC,
        &mean_squared_error::SPEC,
        &sparse_categorical_accuracy::SPEC,
        &sparse_categorical_crossentropy::SPEC,
    ],
};

/// A number that is watched over batches.
pub trait Metric: Debug + Send + Sync {
    /// The entry in the list of metrics: class name, module, reader.
    fn spec(&self) -> &'static MetricSpec;

    /// The keys of the configuration that differ from their defaults.
    fn config(&self) -> Map<String, Value>;

    /// The key in logs.
    fn name(&self) -> &str;

    /// The float32 variables it accumulates in, zero at the start of every epoch.
    fn states(&self) -> Vec<MetricState> {
        mean_states()
    }

    /// The states after a batch, in the order of [`Metric::states`]. Without weights every sample
    /// counts once.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>>;

    /// The number so far, from the states' values.
    fn result(&self, states: &[Array]) -> f64 {
        mean_result(states)
    }
}

/// A variable of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricState {
    /// Its name, e.g. `total`.
    pub name: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// The metric that a name means for targets and predictions of these shapes; its log key is the
/// name as typed. `accuracy` and `acc` choose by Keras' rule: predictions that end in one number
/// mean [`BinaryAccuracy`], else class numbers as targets [`SparseCategoricalAccuracy`], else
/// [`CategoricalAccuracy`].
///
/// # Errors
/// [`crate::Error::UnknownName`] with the nearest names.
pub fn resolve(name: &str, y_true: &Spec, y_pred: &Spec) -> Result<Arc<dyn Metric>> {
    let class = if ["accuracy", "acc"].contains(&name.to_lowercase().as_str()) {
        match match_targets(y_true, y_pred) {
            Match::Binary => "BinaryAccuracy",
            Match::Sparse => "SparseCategoricalAccuracy",
            Match::Categorical => "CategoricalAccuracy",
        }
    } else {
        name
    };
    METRICS.read(&json!({"class_name": class, "config": {"name": name}}))
}

#[cfg(test)]
mod tests;
