//! Keras' metrics: numbers that are watched, accumulated over batches in variables of the program.
//!
//! Not here: which metric belongs to which output, log keys of several outputs (training). To add
//! one: a file, its `mod` line and its line in [`METRICS`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};
use rhyton_tensor::{Array, DType};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Result;
use crate::activations::registered;
use crate::losses::{Match, PairFunction, is_name, match_targets};
use crate::objects::{Configured, Kind, ObjectList, ObjectSpec, from_config, to_config};

#[macro_use]
mod families;

mod accumulate;
mod accuracy;
mod auc;
mod binary_accuracy;
mod binary_crossentropy;
mod binary_io_u;
mod categorical_accuracy;
mod categorical_crossentropy;
mod categorical_hinge;
mod concordance_correlation;
mod confusion;
mod confusion_matrix;
mod constrained;
mod cosine_similarity;
mod f1_score;
mod f_beta_score;
mod false_negatives;
mod false_positives;
mod function;
mod hinge;
mod io_u;
mod kl_divergence;
mod log_cosh_error;
mod mean;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_io_u;
mod mean_metric;
mod mean_metric_wrapper;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod one_hot_io_u;
mod one_hot_mean_io_u;
mod pearson_correlation;
mod poisson;
mod precision;
mod precision_at_recall;
mod r2_score;
mod recall;
mod recall_at_precision;
mod root_mean_squared_error;
mod sensitivity_at_specificity;
mod sparse_categorical_accuracy;
mod sparse_categorical_crossentropy;
mod sparse_top_k_categorical_accuracy;
mod specificity_at_sensitivity;
mod squared_hinge;
mod sum;
mod top_k;
mod top_k_categorical_accuracy;
mod true_negatives;
mod true_positives;

pub use accumulate::{accumulate_mean, mean_result, mean_states};
pub use accuracy::Accuracy;
pub use auc::{AUC, Curve, Summation};
pub use binary_accuracy::BinaryAccuracy;
pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_io_u::BinaryIoU;
pub use categorical_accuracy::CategoricalAccuracy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_hinge::CategoricalHinge;
pub use concordance_correlation::ConcordanceCorrelation;
pub use cosine_similarity::CosineSimilarity;
pub use f_beta_score::{Average, FBetaScore};
pub use f1_score::F1Score;
pub use false_negatives::FalseNegatives;
pub use false_positives::FalsePositives;
pub use function::MetricFunction;
pub use hinge::Hinge;
pub use io_u::IoU;
pub use kl_divergence::KLDivergence;
pub use log_cosh_error::LogCoshError;
pub use mean::Mean;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_io_u::MeanIoU;
pub use mean_metric::MeanMetric;
pub use mean_metric_wrapper::MeanMetricWrapper;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use one_hot_io_u::OneHotIoU;
pub use one_hot_mean_io_u::OneHotMeanIoU;
pub use pearson_correlation::PearsonCorrelation;
pub use poisson::Poisson;
pub use precision::Precision;
pub use precision_at_recall::PrecisionAtRecall;
pub use r2_score::{Aggregation, R2Score};
pub use recall::Recall;
pub use recall_at_precision::RecallAtPrecision;
pub use root_mean_squared_error::RootMeanSquaredError;
pub use sensitivity_at_specificity::SensitivityAtSpecificity;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use sparse_top_k_categorical_accuracy::SparseTopKCategoricalAccuracy;
pub use specificity_at_sensitivity::SpecificityAtSensitivity;
pub use squared_hinge::SquaredHinge;
pub use sum::Sum;
pub use top_k_categorical_accuracy::TopKCategoricalAccuracy;
pub use true_negatives::TrueNegatives;
pub use true_positives::TruePositives;

/// One kind of metric in the list of all.
pub type MetricSpec = ObjectSpec<dyn Metric>;

/// The kind of metrics.
#[derive(Debug)]
pub enum MetricKind {}

impl Kind for MetricKind {
    type Object = dyn Metric;
}

/// All metrics that are built in.
pub static METRICS: ObjectList<dyn Metric> = ObjectList {
    kind: "metric",
    specs: &[
        &accuracy::SPEC,
        &auc::SPEC,
        &binary_accuracy::SPEC,
        &binary_crossentropy::SPEC,
        &binary_io_u::SPEC,
        &categorical_accuracy::SPEC,
        &categorical_crossentropy::SPEC,
        &categorical_hinge::SPEC,
        &concordance_correlation::SPEC,
        &cosine_similarity::SPEC,
        &f1_score::SPEC,
        &f_beta_score::SPEC,
        &false_negatives::SPEC,
        &false_positives::SPEC,
        &hinge::SPEC,
        &io_u::SPEC,
        &kl_divergence::SPEC,
        &log_cosh_error::SPEC,
        &mean::SPEC,
        &mean_absolute_error::SPEC,
        &mean_absolute_percentage_error::SPEC,
        &mean_io_u::SPEC,
        &mean_metric_wrapper::SPEC,
        &mean_squared_error::SPEC,
        &mean_squared_logarithmic_error::SPEC,
        &one_hot_io_u::SPEC,
        &one_hot_mean_io_u::SPEC,
        &pearson_correlation::SPEC,
        &poisson::SPEC,
        &precision::SPEC,
        &precision_at_recall::SPEC,
        &r2_score::SPEC,
        &recall::SPEC,
        &recall_at_precision::SPEC,
        &root_mean_squared_error::SPEC,
        &sensitivity_at_specificity::SPEC,
        &sparse_categorical_accuracy::SPEC,
        &sparse_categorical_crossentropy::SPEC,
        &sparse_top_k_categorical_accuracy::SPEC,
        &specificity_at_sensitivity::SPEC,
        &squared_hinge::SPEC,
        &sum::SPEC,
        &top_k_categorical_accuracy::SPEC,
        &true_negatives::SPEC,
        &true_positives::SPEC,
    ],
};

/// A number, or a list of numbers, that is watched over batches. Means of one value a sample
/// implement [`MeanMetric`] instead.
pub trait Metric: Configured<MetricKind> + MetricSettings + Debug + Send + Sync {
    /// Refuses settings outside their ranges; the default accepts all.
    ///
    /// # Errors
    /// [`crate::Error::Config`] naming the setting and its range.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// The variables it accumulates in, for targets and predictions of these specifications; they
    /// have their initial values at the start of every epoch.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    fn states(&self, _y_true: &Spec, _y_pred: &Spec) -> Result<Vec<MetricState>> {
        Ok(mean_states())
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

    /// The function behind a metric that is one of your own; `None` for others.
    fn function(&self) -> Option<&Arc<PairFunction>> {
        None
    }

    /// The value so far, from the states' values.
    fn result(&self, states: &[Array]) -> MetricValue {
        MetricValue::Number(mean_result(states))
    }
}

/// What every metric has; `metric_settings!` implements it for a struct with the field.
pub trait MetricSettings {
    /// The key in logs.
    fn name(&self) -> &str;
}

/// A variable of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricState {
    /// Its name, e.g. `total`.
    pub name: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its element type.
    pub dtype: DType,
    /// What every element is at the start of an epoch.
    pub initial: f64,
}

impl MetricState {
    /// A float32 variable of zeros.
    pub fn new(name: &'static str, shape: &[usize]) -> Self {
        Self { name, shape: shape.to_vec(), dtype: DType::F32, initial: 0.0 }
    }

    /// With another element type.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// With another initial value.
    #[must_use]
    pub fn initial(mut self, initial: f64) -> Self {
        self.initial = initial;
        self
    }

    /// The variable at the start of an epoch.
    pub fn value(&self) -> Array {
        Array::full(self.dtype, &self.shape, self.initial)
    }
}

/// The value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// One number.
    Number(f64),
    /// One for each class, threshold or column. Logs have a key for each: `f1_score[0]`, ….
    Numbers(Vec<f64>),
}

impl MetricValue {
    /// A list.
    fn numbers(values: &[f32]) -> Self {
        Self::Numbers(values.iter().map(|&value| value.into()).collect())
    }

    /// The number if there is just one, else the list.
    fn number_of_one(values: &[f32]) -> Self {
        match values {
            [value] => Self::Number((*value).into()),
            _ => Self::numbers(values),
        }
    }

    /// All numbers.
    pub fn all(&self) -> &[f64] {
        match self {
            Self::Number(number) => std::slice::from_ref(number),
            Self::Numbers(numbers) => numbers,
        }
    }
}

/// A metric from Keras' configuration of it. States are float32 whatever `dtype` says, unless the
/// metric has that key itself.
fn read<T>(config: Value) -> Result<Arc<dyn Metric>>
where
    T: Metric + Default + Serialize + DeserializeOwned + 'static,
{
    let default = T::default();
    let ignored: &[&str] = if to_config(&default).contains_key("dtype") { &[] } else { &["dtype"] };
    let metric: T = from_config(default.spec().class_name, config, ignored)?;
    metric.validate()?;
    Ok(Arc::new(metric))
}

/// The values of a state.
fn floats(states: &[Array], place: usize) -> Vec<f32> {
    states.get(place).map_or_else(Vec::new, |state| state.cast(DType::F32).view().to_vec())
}

/// The metric that a name means for targets and predictions of these shapes; its log key is the
/// name as typed. `accuracy` and `acc` choose by Keras' rule: predictions that end in one number
/// mean [`BinaryAccuracy`], else class numbers as targets [`SparseCategoricalAccuracy`], else
/// [`CategoricalAccuracy`]. A metric that you registered wins; the name of a loss means its mean. A
/// text that can be no name is an expression over `y_true` and `y_pred`, or a registered one with
/// values of its parameters.
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
    if let Some(metric) = registered(|registry| registry.find_metric(name)) {
        return Ok(metric);
    }
    if let Some(function) = of_text(name)? {
        return Ok(function);
    }
    if METRICS.find(class).is_none()
        && let Ok(wrapper) = MeanMetricWrapper::named(name)
    {
        return Ok(Arc::new(wrapper));
    }
    let read = METRICS.read(&json!({"class_name": class, "config": {"name": name}}));
    read.map_err(|error| error.with_fix(&fix(name)))
}

/// The metric of a text that can be no name; `None` for a name.
fn of_text(text: &str) -> Result<Option<Arc<dyn Metric>>> {
    if is_name(text) {
        return Ok(None);
    }
    let find = |name: &str| registered(|r| r.find_metric(name))?.function().cloned();
    let function = match PairFunction::called(text, find)? {
        Some(function) => function,
        None => PairFunction::expression("metric", text, text)?,
    };
    Ok(Some(Arc::new(MetricFunction::of(Arc::new(function)))))
}

/// The function behind a name or text, if it is one of your own.
pub(crate) fn function_of(name: &str) -> Option<Arc<PairFunction>> {
    let own = registered(|registry| registry.find_metric(name));
    own.or_else(|| of_text(name).ok().flatten())?.function().cloned()
}

/// Whether a name means a built-in metric.
pub(crate) fn is_builtin(name: &str) -> bool {
    name.eq_ignore_ascii_case("acc")
        || name.eq_ignore_ascii_case("accuracy")
        || METRICS.find(name).is_some()
}

/// Refuses a name that nothing has.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let known = is_builtin(name)
        || registered(|registry| registry.find_metric(name)).is_some()
        || MeanMetricWrapper::named(name).is_ok();
    if known || of_text(name)?.is_some() {
        return Ok(());
    }
    METRICS.named(name).map(drop).map_err(|error| error.with_fix(&fix(name)))
}

fn fix(name: &str) -> String {
    format!("custom_objects().metric(\"{name}\", |y_true, y_pred| …)")
}

/// The metric that an object form means: of a class that you registered, or a built-in one.
pub(crate) fn read_any(value: &Value) -> Result<Arc<dyn Metric>> {
    let class_name = value["class_name"].as_str().unwrap_or_default();
    match registered(|registry| registry.find_metric_class(class_name)) {
        Some(spec) => (spec.from_config)(value["config"].clone()),
        None => METRICS.read(value),
    }
}

#[cfg(test)]
mod tests;
