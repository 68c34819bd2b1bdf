//! Keras' losses: how far predictions are from targets, one number a sample, and the reduction of
//! those to the one number that is trained.
//!
//! Not here: which loss belongs to which output, regularizers (training). To add one: a file, its
//! `mod` line and its line in [`LOSSES`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use serde_json::{Map, Value};

use crate::Result;
use crate::objects::{ObjectList, ObjectSpec};

mod binary_crossentropy;
mod categorical_crossentropy;
mod mean_absolute_error;
mod mean_squared_error;
mod probabilities;
mod ranks;
mod reduction;
mod sparse_categorical_crossentropy;

pub use binary_crossentropy::BinaryCrossentropy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_squared_error::MeanSquaredError;
pub(crate) use ranks::{Match, match_targets, same_rank};
pub use reduction::{LossReduction, Weights, reduce};
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;

/// One kind of loss in the list of all.
pub type LossSpec = ObjectSpec<dyn Loss>;

/// All losses that are built in.
pub static LOSSES: ObjectList<dyn Loss> = ObjectList {
    kind: "loss",
    specs: &[
        &binary_crossentropy::SPEC,
        &categorical_crossentropy::SPEC,
        &mean_absolute_error::SPEC,
        &mean_squared_error::SPEC,
        &sparse_categorical_crossentropy::SPEC,
    ],
};

/// How far predictions are from targets.
pub trait Loss: Debug + Send + Sync {
    /// The entry in the list of losses: class name, module, reader.
    fn spec(&self) -> &'static LossSpec;

    /// The keys of the configuration that differ from their defaults.
    fn config(&self) -> Map<String, Value>;

    /// The loss's own name.
    fn name(&self) -> &str;

    /// How the values of samples become one.
    fn reduction(&self) -> LossReduction;

    /// What the targets are.
    fn target(&self) -> Target {
        Target::Values
    }

    /// One value a sample (for outputs with more axes, one a place): `[N, …]` without the last axis
    /// of `y_pred`, before weights.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor>;

    /// As [`Loss::call`], from what enters the activation that makes the probabilities: stable
    /// where these saturate, and what Keras on TensorFlow does. `None` when the loss and the
    /// activation do not belong together; then `call` on the probabilities is meant.
    fn call_logits(
        &self,
        _y_true: &Tensor,
        _logits: &Tensor,
        _activation: ProbabilityOf,
    ) -> Option<Result<Tensor>> {
        None
    }

    /// Which of the values count, as bool of their shape; `None` for all. [`reduce`] takes it.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn mask(&self, _y_true: &Tensor, _y_pred: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

/// What the targets of a loss are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Whole numbers, the class of each sample: `[N]` or `[N, 1]`.
    Labels,
    /// Numbers of the prediction's shape.
    Values,
}

/// The activation at a model's end that makes probabilities of logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbabilityOf {
    /// Softmax over the last axis.
    Softmax,
    /// Sigmoid of each element.
    Sigmoid,
}

/// The loss that a name means for targets and predictions of these shapes: `crossentropy` and `ce`
/// choose among the three by Keras' rule, other names are looked up.
///
/// # Errors
/// [`crate::Error::UnknownName`] with the nearest names.
pub fn resolve(name: &str, y_true: &Spec, y_pred: &Spec) -> Result<Arc<dyn Loss>> {
    if !["crossentropy", "ce"].contains(&name.to_lowercase().as_str()) {
        return LOSSES.named(name);
    }
    LOSSES.named(match match_targets(y_true, y_pred) {
        Match::Binary => "binary_crossentropy",
        Match::Sparse => "sparse_categorical_crossentropy",
        Match::Categorical => "categorical_crossentropy",
    })
}

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod tests;
