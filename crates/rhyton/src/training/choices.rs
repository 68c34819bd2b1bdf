//! What can be given to `compile`: a thing by its name, or as a value.

use std::sync::Arc;

use rhyton_graph::Spec;
use serde_json::Value;

use crate::Result;
use crate::activations::{File, given};
use crate::losses::{self, Loss, LossFunction, PairFunction, stored};
use crate::metrics::{self, Metric, MetricFunction};
use crate::objects::{function_form, object_form};

/// A loss by name (some names mean one of several, by the data's shape) or as a value.
#[derive(Debug, Clone, Default)]
pub enum LossChoice {
    /// None: the output is not trained.
    #[default]
    None,
    /// A name, as in Keras.
    Named(String),
    /// A loss with its own settings.
    Value(Arc<dyn Loss>),
}

/// A metric by name (`accuracy` means one of several, by the data's shape) or as a value.
#[derive(Debug, Clone)]
pub enum MetricChoice {
    /// A name, as in Keras; also the key in logs.
    Named(String),
    /// A metric with its own settings.
    Value(Arc<dyn Metric>),
}

impl From<&str> for LossChoice {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<String> for LossChoice {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

impl<T: Loss + 'static> From<T> for LossChoice {
    fn from(loss: T) -> Self {
        Self::Value(Arc::new(loss))
    }
}

impl From<&str> for MetricChoice {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<String> for MetricChoice {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

impl<T: Metric + 'static> From<T> for MetricChoice {
    fn from(metric: T) -> Self {
        Self::Value(Arc::new(metric))
    }
}

/// The name in the object form of a function: `{"class_name": "function", "config": "mse"}`.
fn function_name(value: &Value) -> Option<&str> {
    let is_function = value.get("class_name").is_some_and(|class| class == "function");
    value.get("config").filter(|_| is_function)?.as_str()
}

impl LossChoice {
    /// A loss from a file's configuration.
    pub(crate) fn read(value: &Value) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::None);
        }
        if let Some(function) = stored::in_place(value)? {
            return Ok(Self::Value(Arc::new(LossFunction::of(Arc::new(function)))));
        }
        let Some(name) = value.as_str().or_else(|| function_name(value)) else {
            return Ok(Self::Value(losses::read_any(value)?));
        };
        let in_file = |file: &File| {
            let function = Arc::clone(file.losses.get(name)?);
            Some(Arc::new(LossFunction::of(function)) as Arc<dyn Loss>)
        };
        let given = given(|registry| registry.find_loss(name), in_file);
        Ok(given.map_or_else(|| Self::Named(name.to_owned()), Self::Value))
    }

    /// What a file holds of it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Named(name) if losses::is_builtin(name) => Value::String(name.clone()),
            Self::Named(_) | Self::Value(_) if self.function().is_some() => {
                self.function().map_or(Value::Null, |function| stored::form(&function))
            }
            Self::Named(name) => function_form(name),
            Self::Value(loss) => object_form(loss.spec(), Value::Object(loss.config())),
        }
    }

    /// The function of the user's own that it means.
    pub(super) fn function(&self) -> Option<Arc<PairFunction>> {
        match self {
            Self::None => None,
            Self::Named(name) => losses::function_of(name),
            Self::Value(loss) => loss.function().cloned(),
        }
    }

    pub(super) fn resolve(&self, y_true: &Spec, y_pred: &Spec) -> Result<Option<Arc<dyn Loss>>> {
        match self {
            Self::None => Ok(None),
            Self::Named(name) => losses::resolve(name, y_true, y_pred).map(Some),
            Self::Value(loss) => Ok(Some(Arc::clone(loss))),
        }
    }

    /// Refuses names that nothing has and settings outside their ranges.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Named(name) => losses::check_name(name),
            Self::Value(loss) => loss.validate(),
        }
    }
}

impl MetricChoice {
    /// A metric from a file's configuration.
    pub(crate) fn read(value: &Value) -> Result<Self> {
        if let Some(function) = stored::in_place(value)? {
            return Ok(Self::Value(Arc::new(MetricFunction::of(Arc::new(function)))));
        }
        let Some(name) = value.as_str().or_else(|| function_name(value)) else {
            return Ok(Self::Value(metrics::read_any(value)?));
        };
        let in_file = |file: &File| {
            let function = Arc::clone(file.metrics.get(name)?);
            Some(Arc::new(MetricFunction::of(function)) as Arc<dyn Metric>)
        };
        let given = given(|registry| registry.find_metric(name), in_file);
        Ok(given.map_or_else(|| Self::Named(name.to_owned()), Self::Value))
    }

    /// What a file holds of it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Named(name) if metrics::is_builtin(name) => Value::String(name.clone()),
            Self::Named(_) | Self::Value(_) if self.function().is_some() => {
                self.function().map_or(Value::Null, |function| stored::form(&function))
            }
            Self::Named(name) => function_form(name),
            Self::Value(metric) => object_form(metric.spec(), Value::Object(metric.config())),
        }
    }

    /// The function of the user's own that it means.
    pub(super) fn function(&self) -> Option<Arc<PairFunction>> {
        match self {
            Self::Named(name) => metrics::function_of(name),
            Self::Value(metric) => metric.function().cloned(),
        }
    }

    pub(super) fn resolve(&self, y_true: &Spec, y_pred: &Spec) -> Result<Arc<dyn Metric>> {
        match self {
            Self::Named(name) => metrics::resolve(name, y_true, y_pred),
            Self::Value(metric) => Ok(Arc::clone(metric)),
        }
    }

    /// Refuses names that nothing has and settings outside their ranges.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Named(name) => metrics::check_name(name),
            Self::Value(metric) => metric.validate(),
        }
    }
}
