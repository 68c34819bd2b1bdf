use std::sync::Arc;

use rhyton_graph::Tensor;
use serde_json::{Map, Value, json};

use super::{METRICS, MeanMetric, Metric, MetricKind, MetricSettings, MetricSpec};
use crate::losses::{LOSSES, Loss};
use crate::objects::{Config, Configured, ObjectSpec, function_form};
use crate::{Error, Result};

/// The mean of a loss that is no metric of its own, such as `huber`.
///
/// Source: Keras 3.15 `keras.metrics.MeanMetricWrapper`.
#[derive(Debug, Clone)]
pub struct MeanMetricWrapper {
    name: String,
    loss: Arc<dyn Loss>,
}

pub(super) static SPEC: MetricSpec = MetricSpec {
    class_name: "MeanMetricWrapper",
    module: "keras.metrics",
    aliases: &["mean_metric_wrapper"],
    from_config: read,
    cases: &[
        r#"{"name": "huber", "fn": {"module": "builtins", "class_name": "function", "config": "huber", "registered_name": "function"}}"#,
        r#"{"name": "far", "fn": {"module": "builtins", "class_name": "function", "config": "huber", "registered_name": "function"}, "delta": 0.5}"#,
    ],
};

impl MeanMetricWrapper {
    /// The mean of a loss under a key in logs; how the loss reduces its values does not matter.
    pub fn new(name: impl Into<String>, loss: impl Loss + 'static) -> Self {
        Self { name: name.into(), loss: Arc::new(loss) }
    }

    /// The mean of the loss that a name means, under that name.
    pub(super) fn named(name: &str) -> Result<Self> {
        Ok(Self { name: name.to_owned(), loss: LOSSES.named(name)? })
    }
}

/// The metric that a function's name means: one of its own, or the mean of a loss.
fn read(config: Value) -> Result<Arc<dyn Metric>> {
    let class = "MeanMetricWrapper";
    let Value::Object(mut config) = config else {
        return Err(Error::config(class, "config", "an object", config));
    };
    let function = config.shift_remove("fn").unwrap_or_default();
    let function_name = function.get("config").unwrap_or(&function).as_str().unwrap_or_default();
    if let Some(spec) = METRICS.find(function_name) {
        return (spec.from_config)(Value::Object(config));
    }
    let name = config.shift_remove("name").and_then(|name| name.as_str().map(str::to_owned));
    let Some(spec) = LOSSES.find(function_name) else {
        let expected = "the name of a loss or metric";
        return Err(Error::config(class, "fn", expected, function));
    };
    let name = name.unwrap_or_else(|| function_name.to_owned());
    Ok(Arc::new(MeanMetricWrapper { name, loss: (spec.from_config)(Value::Object(config))? }))
}

impl Configured<MetricKind> for MeanMetricWrapper {
    fn spec(&self) -> &'static ObjectSpec<dyn Metric> {
        &SPEC
    }

    fn config(&self) -> Config {
        let spec = self.loss.spec();
        let function = spec.aliases.first().copied().unwrap_or(spec.class_name);
        let mut config = Map::from_iter([
            ("name".to_owned(), json!(self.name)),
            ("fn".to_owned(), function_form(function)),
        ]);
        let own = self.loss.config().into_iter();
        config.extend(own.filter(|(key, _)| !["name", "reduction"].contains(&key.as_str())));
        config
    }
}

impl MetricSettings for MeanMetricWrapper {
    fn name(&self) -> &str {
        &self.name
    }
}

impl MeanMetric for MeanMetricWrapper {
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.loss.call(y_true, y_pred)
    }
}
