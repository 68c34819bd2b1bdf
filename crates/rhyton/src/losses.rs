//! Keras' losses: how far predictions are from targets, one number a sample, and the reduction of
//! those to the one number that is trained.
//!
//! Not here: which loss belongs to which output, regularizers (training). To add one: a file, its
//! `mod` line and its line in [`LOSSES`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Result;
use crate::activations::registered;
use crate::objects::{Configured, Kind, ObjectList, ObjectSpec, from_config};

/// A loss's entry, configuration, settings and defaults, from its `SPEC`, its name and the defaults
/// of its own fields: `loss_settings!(Huber, "huber_loss", delta: 1.0)`.
macro_rules! loss_settings {
    ($class:ident, $name:literal $(, $field:ident: $default:expr)*) => {
        crate::configured!($class: crate::losses::LossKind);

        impl crate::losses::LossSettings for $class {
            fn name(&self) -> &str {
                &self.name
            }

            fn reduction(&self) -> crate::losses::LossReduction {
                self.reduction
            }
        }

        impl Default for $class {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    name: $name.to_owned(),
                    reduction: crate::losses::LossReduction::default(),
                }
            }
        }
    };
}

/// A loss with no settings of its own: its struct, entry and defaults.
macro_rules! plain_loss {
    (
        $(#[$documentation:meta])*
        $class:ident {
            class_name: $class_name:literal,
            name: $name:literal,
            aliases: $aliases:expr,
            cases: $cases:expr,
        }
    ) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[derive(rhyton_macros::Setters)]
        #[serde(default)]
        pub struct $class {
            /// The loss's name.
            name: String,
            /// How samples become one number.
            reduction: crate::losses::LossReduction,
        }

        pub(super) static SPEC: crate::losses::LossSpec = crate::losses::LossSpec {
            class_name: $class_name,
            module: "keras.losses",
            aliases: $aliases,
            from_config: crate::losses::read::<$class>,
            cases: $cases,
        };

        loss_settings!($class, $name);
    };
}

mod binary_crossentropy;
mod binary_focal_crossentropy;
mod categorical_crossentropy;
mod categorical_focal_crossentropy;
mod categorical_generalized_cross_entropy;
mod categorical_hinge;
mod circle;
mod cosine_similarity;
mod dice;
mod function;
mod hinge;
mod huber;
mod kl_divergence;
mod log_cosh;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod pair_function;
mod poisson;
mod probabilities;
mod ranks;
mod reduction;
mod sparse_categorical_crossentropy;
mod squared_hinge;
pub(crate) mod stored;
mod tversky;

pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_focal_crossentropy::BinaryFocalCrossentropy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_focal_crossentropy::CategoricalFocalCrossentropy;
pub use categorical_generalized_cross_entropy::CategoricalGeneralizedCrossEntropy;
pub use categorical_hinge::CategoricalHinge;
pub use circle::Circle;
pub use cosine_similarity::CosineSimilarity;
pub use dice::Dice;
pub use function::LossFunction;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KLDivergence;
pub use log_cosh::LogCosh;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use pair_function::PairFunction;
pub(crate) use pair_function::is_name;
pub use poisson::Poisson;
pub(crate) use probabilities::EPSILON;
pub(crate) use ranks::{Match, class_numbers, match_targets, pair, precise, same_rank};
pub(crate) use reduction::size;
pub use reduction::{LossReduction, Weights, reduce};
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use squared_hinge::SquaredHinge;
pub use tversky::Tversky;

/// One kind of loss in the list of all.
pub type LossSpec = ObjectSpec<dyn Loss>;

/// The kind of losses.
#[derive(Debug)]
pub enum LossKind {}

impl Kind for LossKind {
    type Object = dyn Loss;
}

/// All losses that are built in.
pub static LOSSES: ObjectList<dyn Loss> = ObjectList {
    kind: "loss",
    specs: &[
        &binary_crossentropy::SPEC,
        &binary_focal_crossentropy::SPEC,
        &categorical_crossentropy::SPEC,
        &categorical_focal_crossentropy::SPEC,
        &categorical_generalized_cross_entropy::SPEC,
        &categorical_hinge::SPEC,
        &circle::SPEC,
        &cosine_similarity::SPEC,
        &dice::SPEC,
        &hinge::SPEC,
        &huber::SPEC,
        &kl_divergence::SPEC,
        &log_cosh::SPEC,
        &mean_absolute_error::SPEC,
        &mean_absolute_percentage_error::SPEC,
        &mean_squared_error::SPEC,
        &mean_squared_logarithmic_error::SPEC,
        &poisson::SPEC,
        &sparse_categorical_crossentropy::SPEC,
        &squared_hinge::SPEC,
        &tversky::SPEC,
    ],
};

/// How far predictions are from targets.
pub trait Loss: Configured<LossKind> + LossSettings + Debug + Send + Sync {
    /// Refuses settings outside their ranges; the default accepts all.
    ///
    /// # Errors
    /// [`crate::Error::Config`] naming the setting and its range.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

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

    /// The function behind a loss that is one of your own; `None` for others.
    fn function(&self) -> Option<&Arc<PairFunction>> {
        None
    }

    /// A class number that may stand among targets beside 0 … classes − 1, since it does not count.
    fn ignored_class(&self) -> Option<i64> {
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

/// What every loss has; `loss_settings!` implements it for a struct with the fields.
pub trait LossSettings {
    /// The loss's own name.
    fn name(&self) -> &str;

    /// How the values of samples become one.
    fn reduction(&self) -> LossReduction;
}

/// What the targets of a loss are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Whole numbers, the class of each sample: `[N]` or `[N, 1]`, 0 … classes − 1.
    Labels,
    /// Whole numbers that are equal for samples of one group: `[N]` or `[N, 1]`.
    Groups,
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

/// A loss from Keras' configuration of it. Values are float32, or float64 where predictions are,
/// whatever `dtype` says; `fn` is the function that the class names already.
fn read<T>(config: Value) -> Result<Arc<dyn Loss>>
where
    T: Loss + Default + Serialize + DeserializeOwned + 'static,
{
    let class_name = T::default().spec().class_name;
    let loss: T = from_config(class_name, config, &["dtype", "fn"])?;
    loss.validate()?;
    Ok(Arc::new(loss))
}

/// The loss that a name means for targets and predictions of these shapes: one that you
/// registered, or `crossentropy` and `ce`, which choose among three by Keras' rule, or another
/// built-in. A text that can be no name is an expression over `y_true` and `y_pred`, or a registered
/// one with values of its parameters: `mine(delta=2)`.
///
/// # Errors
/// [`crate::Error::UnknownName`] with the nearest names.
pub fn resolve(name: &str, y_true: &Spec, y_pred: &Spec) -> Result<Arc<dyn Loss>> {
    if let Some(loss) = registered(|registry| registry.find_loss(name)) {
        return Ok(loss);
    }
    if let Some(function) = of_text(name)? {
        return Ok(function);
    }
    if !is_crossentropy(name) {
        return LOSSES.named(name).map_err(|error| error.with_fix(&fix(name)));
    }
    LOSSES.named(match match_targets(y_true, y_pred) {
        Match::Binary => "binary_crossentropy",
        Match::Sparse => "sparse_categorical_crossentropy",
        Match::Categorical => "categorical_crossentropy",
    })
}

/// The loss of a text that can be no name; `None` for a name.
fn of_text(text: &str) -> Result<Option<Arc<dyn Loss>>> {
    if is_name(text) {
        return Ok(None);
    }
    let find = |name: &str| registered(|r| r.find_loss(name))?.function().cloned();
    let function = match PairFunction::called(text, find)? {
        Some(function) => function,
        None => PairFunction::expression("loss", text, text)?,
    };
    Ok(Some(Arc::new(LossFunction::of(Arc::new(function)))))
}

/// The function behind a name or text, if it is one of your own.
pub(crate) fn function_of(name: &str) -> Option<Arc<PairFunction>> {
    let own = registered(|registry| registry.find_loss(name));
    own.or_else(|| of_text(name).ok().flatten())?.function().cloned()
}

fn is_crossentropy(name: &str) -> bool {
    ["crossentropy", "ce"].contains(&name.to_lowercase().as_str())
}

/// Whether a name means a built-in loss.
pub(crate) fn is_builtin(name: &str) -> bool {
    is_crossentropy(name) || LOSSES.find(name).is_some()
}

/// Refuses a name that nothing has.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if is_crossentropy(name) || registered(|registry| registry.find_loss(name)).is_some() {
        return Ok(());
    }
    if of_text(name)?.is_some() {
        return Ok(());
    }
    LOSSES.named(name).map(drop).map_err(|error| error.with_fix(&fix(name)))
}

fn fix(name: &str) -> String {
    format!("custom_objects().loss(\"{name}\", |y_true, y_pred| …)")
}

/// The loss that an object form means: of a class that you registered, or a built-in one.
pub(crate) fn read_any(value: &Value) -> Result<Arc<dyn Loss>> {
    let class_name = value["class_name"].as_str().unwrap_or_default();
    match registered(|registry| registry.find_loss_class(class_name)) {
        Some(spec) => (spec.from_config)(value["config"].clone()),
        None => LOSSES.read(value),
    }
}

#[cfg(test)]
mod tests;
