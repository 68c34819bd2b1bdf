//! What can be given to `compile`: a thing by its name, or as a value.

use std::sync::Arc;

use rhyton_graph::Spec;
use serde_json::Value;

use crate::Result;
use crate::losses::{self, Loss};
use crate::metrics::{self, Metric};
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
        match value.as_str().or_else(|| function_name(value)) {
            Some(name) => Ok(Self::Named(name.to_owned())),
            None => Ok(Self::Value(losses::read_any(value)?)),
        }
    }

    /// What a file holds of it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Named(name) if losses::is_builtin(name) => Value::String(name.clone()),
            Self::Named(name) => function_form(name),
            Self::Value(loss) if loss.spec().class_name == "function" => function_form(loss.name()),
            Self::Value(loss) => object_form(loss.spec(), Value::Object(loss.config())),
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
        match value.as_str().or_else(|| function_name(value)) {
            Some(name) => Ok(Self::Named(name.to_owned())),
            None => Ok(Self::Value(metrics::read_any(value)?)),
        }
    }

    /// What a file holds of it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Named(name) if metrics::is_builtin(name) => Value::String(name.clone()),
            Self::Named(name) => function_form(name),
            Self::Value(metric) if metric.spec().class_name == "function" => {
                function_form(metric.name())
            }
            Self::Value(metric) => object_form(metric.spec(), Value::Object(metric.config())),
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
