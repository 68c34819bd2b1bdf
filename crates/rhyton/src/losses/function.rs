use std::sync::Arc;

use rhyton_graph::Tensor;
use serde_json::Value;

use super::ranks::precise;
use super::{Loss, LossKind, LossReduction, LossSettings, LossSpec, PairFunction};
use crate::objects::{Config, Configured};
use crate::{Error, Result};

/// A loss that is a function of targets and predictions, in Rust or as an
/// expression: one value a sample.
///
/// Keras' files hold its name only; `rhyton.json` beside it holds the definition: an expression, or
/// the program that the function makes for the shapes it was trained with.
///
/// ```
/// # use rhyton::{losses::LossFunction, ops};
/// let loss = LossFunction::new("fourth_power", |y_true, y_pred| {
///     let square = ops::square(y_true - y_pred);
///     ops::mean(&ops::square(square), Some(&[-1]), false)
/// });
/// ```
#[derive(Debug, Clone)]
pub struct LossFunction {
    function: Arc<PairFunction>,
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
        Self::of(Arc::new(PairFunction::function(&name.into(), function)))
    }

    /// A loss under a name from an expression over `y_true` and `y_pred`, whose values are averaged
    /// over the last axis; see [`PairFunction`].
    ///
    /// # Errors
    /// [`Error::Expression`] with a caret; [`Error::Config`] for an expression without `y_pred`.
    pub fn from_expression(name: &str, text: &str) -> Result<Self> {
        Ok(Self::of(Arc::new(PairFunction::expression("loss", name, text)?)))
    }

    pub(crate) fn of(function: Arc<PairFunction>) -> Self {
        Self { function }
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
        self.function.name()
    }

    fn reduction(&self) -> LossReduction {
        LossReduction::default()
    }
}

impl Loss for LossFunction {
    fn function(&self) -> Option<&Arc<PairFunction>> {
        Some(&self.function)
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        self.function.call(y_true, &precise(y_pred))
    }
}
