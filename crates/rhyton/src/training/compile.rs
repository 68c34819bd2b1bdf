use std::fmt;
use std::sync::Arc;

use rhyton_graph::{Spec, VariableId, VariableSpec};
use rhyton_tensor::{Array, DType};
use serde_json::Value;

use super::tracked::Tracked;
use crate::losses::{self, LOSSES, Loss};
use crate::metrics::{self, METRICS, Metric};
use crate::models::Model;
use crate::optimizers::{OPTIMIZERS, Optimizer};
use crate::{Error, Result};

/// How a model is trained: optimizer, loss, metrics.
///
/// Defaults are Keras': optimizer `rmsprop`, no loss, no metrics.
#[derive(Debug, Clone)]
pub struct Compile {
    optimizer: Chosen<dyn Optimizer>,
    losses: Vec<LossChoice>,
    loss_weights: Option<Vec<f64>>,
    metrics: Vec<MetricChoice>,
}

/// A loss by name (some names mean one of several, by the data's shape) or as a value.
#[derive(Debug, Clone)]
pub enum LossChoice {
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

/// A value, or why there is none; builders can't fail.
enum Chosen<T: ?Sized> {
    Value(Arc<T>),
    Failed(Error),
}

impl<T: ?Sized> Clone for Chosen<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Value(value) => Self::Value(Arc::clone(value)),
            Self::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Chosen<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl Default for Compile {
    fn default() -> Self {
        Self::new()
    }
}

impl Compile {
    /// Keras' defaults.
    pub fn new() -> Self {
        Self {
            optimizer: chosen(OPTIMIZERS.named("rmsprop")),
            losses: Vec::new(),
            loss_weights: None,
            metrics: Vec::new(),
        }
    }

    /// The optimizer: a name, or a value such as `Adam::new(1e-3)`.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl IntoOptimizer) -> Self {
        self.optimizer = chosen(optimizer.into_optimizer());
        self
    }

    /// The loss of every output.
    #[must_use]
    pub fn loss(mut self, loss: impl Into<LossChoice>) -> Self {
        self.losses = vec![loss.into()];
        self
    }

    /// One loss for each output, in the model's order.
    #[must_use]
    pub fn losses(mut self, losses: impl IntoIterator<Item = impl Into<LossChoice>>) -> Self {
        self.losses = losses.into_iter().map(Into::into).collect();
        self
    }

    /// How much each output's loss counts; default 1 each.
    #[must_use]
    pub fn loss_weights(mut self, weights: &[f64]) -> Self {
        self.loss_weights = Some(weights.to_vec());
        self
    }

    /// What is measured beside the loss, at every output.
    #[must_use]
    pub fn metrics(mut self, metrics: impl IntoIterator<Item = impl Into<MetricChoice>>) -> Self {
        self.metrics = metrics.into_iter().map(Into::into).collect();
        self
    }
}

fn chosen<T: ?Sized>(result: Result<Arc<T>>) -> Chosen<T> {
    result.map_or_else(Chosen::Failed, Chosen::Value)
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

/// What can be given as an optimizer.
pub trait IntoOptimizer {
    /// The optimizer.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that nothing has.
    fn into_optimizer(self) -> Result<Arc<dyn Optimizer>>;
}

impl IntoOptimizer for &str {
    fn into_optimizer(self) -> Result<Arc<dyn Optimizer>> {
        OPTIMIZERS.named(self)
    }
}

impl IntoOptimizer for Arc<dyn Optimizer> {
    fn into_optimizer(self) -> Result<Self> {
        Ok(self)
    }
}

impl<T: Optimizer + 'static> IntoOptimizer for T {
    fn into_optimizer(self) -> Result<Arc<dyn Optimizer>> {
        Ok(Arc::new(self))
    }
}

impl LossChoice {
    /// A loss from a file's configuration.
    pub(crate) fn read(value: &Value) -> Result<Self> {
        match value {
            Value::String(name) => Ok(Self::Named(name.clone())),
            Value::Object(object) if object.get("class_name").is_some_and(|c| c == "function") => {
                Self::read(&object["config"])
            }
            other => Ok(Self::Value(LOSSES.read(other)?)),
        }
    }

    fn resolve(&self, y_true: &Spec, y_pred: &Spec) -> Result<Arc<dyn Loss>> {
        match self {
            Self::Named(name) => losses::resolve(name, y_true, y_pred),
            Self::Value(loss) => Ok(Arc::clone(loss)),
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Named(name) if ["crossentropy", "ce"].contains(&&*name.to_lowercase()) => Ok(()),
            Self::Named(name) => LOSSES.named(name).map(drop),
            Self::Value(_) => Ok(()),
        }
    }
}

impl MetricChoice {
    /// A metric from a file's configuration.
    pub(crate) fn read(value: &Value) -> Result<Self> {
        match value {
            Value::String(name) => Ok(Self::Named(name.clone())),
            Value::Object(object) if object.get("class_name").is_some_and(|c| c == "function") => {
                Self::read(&object["config"])
            }
            other => Ok(Self::Value(METRICS.read(other)?)),
        }
    }

    fn resolve(&self, y_true: &Spec, y_pred: &Spec) -> Result<Arc<dyn Metric>> {
        match self {
            Self::Named(name) => metrics::resolve(name, y_true, y_pred),
            Self::Value(metric) => Ok(Arc::clone(metric)),
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Named(name) if ["accuracy", "acc"].contains(&&*name.to_lowercase()) => Ok(()),
            Self::Named(name) => METRICS.named(name).map(drop),
            Self::Value(_) => Ok(()),
        }
    }
}

/// A model's training configuration, with the places of its state among the session's variables.
pub(crate) struct Compiled {
    pub(crate) optimizer: Arc<dyn Optimizer>,
    pub(crate) losses: Vec<LossChoice>,
    pub(crate) loss_weights: Option<Vec<f64>>,
    pub(crate) metrics: Vec<MetricChoice>,
    pub(crate) iteration: VariableId,
    pub(crate) learning_rate: VariableId,
    /// For each trained weight its slots, all groups in order.
    pub(crate) slots: Vec<(VariableId, Vec<VariableId>)>,
    /// The slots in the order of Keras' files.
    pub(crate) file_order: Vec<VariableId>,
    /// How many variables there are before those of the metrics.
    pub(crate) keep: usize,
    /// What is tracked, once the targets' shapes are known.
    pub(crate) tracked: Option<Tracked>,
}

impl Model {
    /// Sets optimizer, loss and metrics; the optimizer starts anew.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that nothing has; [`Error::Config`] when the number of
    /// losses does not fit the outputs.
    pub fn compile(&mut self, compile: Compile) -> Result<()> {
        let optimizer = match compile.optimizer {
            Chosen::Value(optimizer) => optimizer,
            Chosen::Failed(error) => return Err(error),
        };
        optimizer.validate()?;
        compile.losses.iter().try_for_each(LossChoice::check)?;
        compile.metrics.iter().try_for_each(MetricChoice::check)?;
        let outputs = self.network.outputs.len();
        let counts = [compile.losses.len(), compile.loss_weights.as_ref().map_or(1, Vec::len)];
        if counts.iter().any(|&count| count > 1 && count != outputs) {
            let expected = format!("one for each of {outputs} outputs");
            return Err(Error::config("compile", "loss", expected, counts[0].max(counts[1])));
        }
        let mut added = vec![
            (variable("optimizer/iteration", DType::I32, &[]), Array::scalar(0_i32)),
            (
                variable("optimizer/learning_rate", DType::F32, &[]),
                Array::scalar(optimizer.options().learning_rate as f32),
            ),
        ];
        let first = self.weights.len() as u32;
        let mut slots: Vec<(VariableId, Vec<VariableId>)> = self
            .weights
            .iter()
            .filter(|(_, weight)| weight.trainable)
            .map(|(variable, _)| (variable, Vec::new()))
            .collect();
        let mut file_order = Vec::new();
        for group in optimizer.slot_groups() {
            for (weight, places) in &mut slots {
                let declared = &self.engine.variables()[weight.index()];
                for slot in &group {
                    let place = VariableId(first + added.len() as u32);
                    let name = format!("optimizer/{}/{slot}", declared.name);
                    let spec = declared.spec.clone();
                    let zero = Array::zeros(spec.dtype, &spec.shape.bind(0));
                    added.push((VariableSpec { name, spec }, zero));
                    places.push(place);
                    file_order.push(place);
                }
            }
        }
        let (specs, values): (Vec<_>, Vec<_>) = added.into_iter().unzip();
        let keep = self.weights.len() + specs.len();
        self.engine.extend(self.weights.len(), specs, values)?;
        self.compiled = Some(Compiled {
            optimizer,
            losses: compile.losses,
            loss_weights: compile.loss_weights,
            metrics: compile.metrics,
            iteration: VariableId(first),
            learning_rate: VariableId(first + 1),
            slots,
            file_order,
            keep,
            tracked: None,
        });
        Ok(())
    }

    /// Whether `compile` has been called (or a file brought its configuration).
    pub fn is_compiled(&self) -> bool {
        self.compiled.is_some()
    }

    /// Optimizer, loss and metrics of the model, to compile another like it or anew with some of
    /// them changed; `None` before `compile`.
    pub fn compilation(&self) -> Option<Compile> {
        let compiled = self.compiled.as_ref()?;
        Some(Compile {
            optimizer: Chosen::Value(Arc::clone(&compiled.optimizer)),
            losses: compiled.losses.clone(),
            loss_weights: compiled.loss_weights.clone(),
            metrics: compiled.metrics.clone(),
        })
    }

    /// The learning rate that the next step uses.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`.
    pub fn learning_rate(&self) -> Result<f64> {
        let compiled = self.compiled()?;
        Ok(self.engine.read(compiled.learning_rate)?.to_f64()[0])
    }

    /// Sets the learning rate for the next steps.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`.
    pub fn set_learning_rate(&self, rate: f64) -> Result<()> {
        let compiled = self.compiled()?;
        self.engine.write(compiled.learning_rate, &Array::scalar(rate as f32))
    }

    /// How many steps the optimizer has made.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`.
    pub fn iterations(&self) -> Result<u64> {
        let compiled = self.compiled()?;
        Ok(self.engine.read(compiled.iteration)?.to_f64()[0] as u64)
    }

    pub(crate) fn compiled(&self) -> Result<&Compiled> {
        self.compiled.as_ref().ok_or_else(|| Error::State {
            what: "the model is not compiled".to_owned(),
            advice: "call `compile` with an optimizer and a loss first".to_owned(),
        })
    }

    /// Resolves losses and metrics for targets of these specifications, and makes room for what
    /// they track.
    pub(crate) fn track(&mut self, targets: &[Spec]) -> Result<()> {
        let compiled = self.compiled()?;
        if compiled.tracked.as_ref().is_some_and(|tracked| tracked.targets == targets) {
            return Ok(());
        }
        if compiled.losses.is_empty() {
            return Err(Error::State {
                what: "no loss to compute".to_owned(),
                advice: "give `compile` a loss".to_owned(),
            });
        }
        let outputs = self.outputs();
        if targets.len() != outputs.len() {
            let expected = format!("{} arrays", outputs.len());
            return Err(Error::data("fit", "targets", expected, targets.len()));
        }
        let mut losses = Vec::new();
        let mut metrics = Vec::new();
        for (place, ((_, y_pred), y_true)) in outputs.iter().zip(targets).enumerate() {
            let choice = compiled.losses.get(place).unwrap_or(&compiled.losses[0]);
            let loss = choice.resolve(y_true, y_pred)?;
            let y_true = &super::tracked::target_spec(&*loss, y_true, y_pred);
            let resolved = compiled.metrics.iter().map(|metric| metric.resolve(y_true, y_pred));
            metrics.push(resolved.collect::<Result<Vec<_>>>()?);
            losses.push(loss);
        }
        let names: Vec<String> = outputs.into_iter().map(|(name, _)| name).collect();
        let keep = compiled.keep;
        let tracked = Tracked::new(targets.to_vec(), losses, metrics, &names, keep);
        let specs = tracked.variables();
        let values = specs.iter().map(|v| Array::zeros(v.spec.dtype, &v.spec.shape.bind(0)));
        let values = values.collect();
        self.engine.extend(keep, specs, values)?;
        if let Some(compiled) = &mut self.compiled {
            compiled.tracked = Some(tracked);
        }
        Ok(())
    }
}

pub(super) fn variable(name: &str, dtype: DType, shape: &[usize]) -> VariableSpec {
    VariableSpec { name: name.to_owned(), spec: Spec::new(dtype, shape) }
}
