use std::fmt;
use std::sync::Arc;

use rhyton_graph::Tensor;
use serde_json::Value;

use super::ranks::precise;
use super::{Loss, LossKind, LossReduction, LossSettings, LossSpec};
use crate::objects::{Config, Configured};
use crate::{Error, Result};

/// A function of targets and predictions.
pub(crate) type FunctionOfPair = Arc<dyn Fn(&Tensor, &Tensor) -> Tensor + Send + Sync>;

/// A loss that is a Rust function of targets and predictions, one value a sample.
///
/// Files hold its name only, as Keras' do; to read such a file, register the function under the
/// name: `custom_objects().loss("name", …)`.
///
/// ```
/// # use rhyton::{losses::LossFunction, ops};
/// let loss = LossFunction::new("fourth_power", |y_true, y_pred| {
///     let square = ops::square(y_true - y_pred);
///     ops::mean(&ops::square(square), Some(&[-1]), false)
/// });
/// ```
#[derive(Clone)]
pub struct LossFunction {
    name: String,
    function: FunctionOfPair,
}

static FUNCTION: LossSpec = LossSpec {
    class_name: "function",
    module: "builtins",
    aliases: &[],
    from_config: refuse,
    cases: &[],
};

fn refuse(config: Value) -> Result<Arc<dyn Loss>> {
    Err(Error::config("function", "config", "the name of a registered loss", config))
}

impl LossFunction {
    /// A loss under a name.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&Tensor, &Tensor) -> Tensor + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), function: Arc::new(function) }
    }
}

impl fmt::Debug for LossFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LossFunction").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Configured<LossKind> for LossFunction {
    fn spec(&self) -> &'static LossSpec {
        &FUNCTION
    }

    fn config(&self) -> Config {
        Config::new()
    }
}

impl LossSettings for LossFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn reduction(&self) -> LossReduction {
        LossReduction::default()
    }
}

impl Loss for LossFunction {
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.function)(y_true, &precise(y_pred)).checked()?)
    }
}
