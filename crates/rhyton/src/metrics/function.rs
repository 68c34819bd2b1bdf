use std::sync::Arc;

use rhyton_graph::Tensor;
use serde_json::Value;

use super::{MeanMetric, Metric, MetricKind, MetricSettings, MetricSpec};
use crate::losses::PairFunction;
use crate::objects::{Config, Configured};
use crate::{Error, Result};

/// A metric that is the mean of a function of targets and predictions, in Rust or as an expression.
///
/// Keras' files hold its name only; `rhyton.json` beside it holds the definition: an expression, or
/// the program that the function makes for the shapes it was trained with.
#[derive(Debug, Clone)]
pub struct MetricFunction {
    function: Arc<PairFunction>,
}

static FUNCTION: MetricSpec = MetricSpec {
    class_name: "function",
    module: "builtins",
    aliases: &[],
    from_config: refuse,
    cases: &[],
};

fn refuse(config: Value) -> Result<Arc<dyn Metric>> {
    Err(Error::config("function", "config", "the name of a registered metric", config))
}

impl MetricFunction {
    /// A metric under a name, which is its key in logs.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&Tensor, &Tensor) -> Tensor + Send + Sync + 'static,
    ) -> Self {
        Self::of(Arc::new(PairFunction::function(&name.into(), function)))
    }

    /// A metric under a name from an expression over `y_true` and `y_pred`, whose values are averaged
    /// over the last axis; see [`PairFunction`].
    ///
    /// # Errors
    /// [`Error::Expression`] with a caret; [`Error::Config`] for an expression without `y_pred`.
    pub fn from_expression(name: &str, text: &str) -> Result<Self> {
        Ok(Self::of(Arc::new(PairFunction::expression("metric", name, text)?)))
    }

    pub(crate) fn of(function: Arc<PairFunction>) -> Self {
        Self { function }
    }
}

impl Configured<MetricKind> for MetricFunction {
    fn spec(&self) -> &'static MetricSpec {
        &FUNCTION
    }

    fn config(&self) -> Config {
        Config::new()
    }
}

impl MetricSettings for MetricFunction {
    fn name(&self) -> &str {
        self.function.name()
    }
}

impl MeanMetric for MetricFunction {
    fn function(&self) -> Option<&Arc<PairFunction>> {
        Some(&self.function)
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.function.call(y_true, y_pred)
    }
}
