use std::fmt;
use std::sync::Arc;

use rhyton_graph::Tensor;
use serde_json::Value;

use super::{MeanMetric, Metric, MetricKind, MetricSettings, MetricSpec};
use crate::losses::FunctionOfPair;
use crate::objects::{Config, Configured};
use crate::{Error, Result};

/// A metric that is the mean of a Rust function of targets and predictions, one value a sample.
///
/// Files hold its name only, as Keras' do; to read such a file, register the function under the
/// name: `custom_objects().metric("name", …)`.
#[derive(Clone)]
pub struct MetricFunction {
    name: String,
    function: FunctionOfPair,
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
        Self { name: name.into(), function: Arc::new(function) }
    }
}

impl fmt::Debug for MetricFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricFunction").field("name", &self.name).finish_non_exhaustive()
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
        &self.name
    }
}

impl MeanMetric for MetricFunction {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.function)(y_true, y_pred).checked()?)
    }
}
