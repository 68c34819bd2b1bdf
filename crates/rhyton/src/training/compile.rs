use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhyton_graph::{Spec, VariableId, VariableSpec};
use rhyton_tensor::{Array, DType};

use super::choices::{LossChoice, MetricChoice};
use super::objectives::Objectives;
use super::per_output::PerOutput;
use super::tracked::Tracked;
use crate::layer::{Weight, Weights};
use crate::models::{Model, Network};
use crate::optimizers::{LossScaleOptimizer, OPTIMIZERS, Optimizer, State};
use crate::{Error, Result};

/// How a model is trained: optimizer, loss, metrics.
///
/// Defaults are Keras': optimizer `rmsprop`, no loss, no metrics.
///
/// ```
/// # use rhyton::Compile;
/// let compile = Compile::new()
///     .optimizer("adam")
///     .loss_for("kind", "sparse_categorical_crossentropy")
///     .loss_for("size", "mse")
///     .loss_weight_for("size", 0.3)
///     .metrics_for("kind", ["accuracy"]);
/// ```
#[derive(Debug, Clone)]
pub struct Compile {
    optimizer: Chosen<dyn Optimizer>,
    objectives: Objectives,
    steps_per_execution: usize,
    auto_scale_loss: bool,
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
            objectives: Objectives::default(),
            steps_per_execution: 1,
            auto_scale_loss: true,
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
        self.objectives.losses = PerOutput::Same(loss.into());
        self
    }

    /// One loss for each output, in the model's order; [`LossChoice::None`] for those that are not
    /// trained.
    #[must_use]
    pub fn losses(mut self, losses: impl IntoIterator<Item = impl Into<LossChoice>>) -> Self {
        self.objectives.losses = PerOutput::List(losses.into_iter().map(Into::into).collect());
        self
    }

    /// The loss of the output with a name; the others keep what `loss` says, or have none.
    #[must_use]
    pub fn loss_for(mut self, output: &str, loss: impl Into<LossChoice>) -> Self {
        self.objectives.losses.set(output, loss.into());
        self
    }

    /// How much each output's loss counts, in the model's order; default 1 each.
    #[must_use]
    pub fn loss_weights(mut self, weights: &[f64]) -> Self {
        let weights = weights.iter().copied().map(Some).collect();
        self.objectives.loss_weights = PerOutput::List(weights);
        self
    }

    /// How much the loss of the output with a name counts.
    #[must_use]
    pub fn loss_weight_for(mut self, output: &str, weight: f64) -> Self {
        self.objectives.loss_weights.set(output, Some(weight));
        self
    }

    /// What is measured beside the loss, at every output; weights of samples do not count.
    #[must_use]
    pub fn metrics(mut self, metrics: impl IntoIterator<Item = impl Into<MetricChoice>>) -> Self {
        self.objectives.metrics = PerOutput::Same(choices(metrics));
        self
    }

    /// What is measured at the output with a name.
    #[must_use]
    pub fn metrics_for(
        mut self,
        output: &str,
        metrics: impl IntoIterator<Item = impl Into<MetricChoice>>,
    ) -> Self {
        self.objectives.metrics.set(output, choices(metrics));
        self
    }

    /// What is measured with the weights of samples, at every output.
    #[must_use]
    pub fn weighted_metrics(
        mut self,
        metrics: impl IntoIterator<Item = impl Into<MetricChoice>>,
    ) -> Self {
        self.objectives.weighted_metrics = PerOutput::Same(choices(metrics));
        self
    }

    /// What is measured with the weights of samples at the output with a name.
    #[must_use]
    pub fn weighted_metrics_for(
        mut self,
        output: &str,
        metrics: impl IntoIterator<Item = impl Into<MetricChoice>>,
    ) -> Self {
        self.objectives.weighted_metrics.set(output, choices(metrics));
        self
    }

    /// How many steps make an execution, around which callbacks are called instead of around every
    /// step; default 1. The numbers of the training do not depend on it.
    #[must_use]
    pub fn steps_per_execution(mut self, steps: usize) -> Self {
        self.steps_per_execution = steps;
        self
    }

    /// Whether a [`LossScaleOptimizer`](crate::LossScaleOptimizer) is put around the optimizer of a
    /// model with layers in `mixed_float16`; default true.
    #[must_use]
    pub fn auto_scale_loss(mut self, scales: bool) -> Self {
        self.auto_scale_loss = scales;
        self
    }

    /// Losses and metrics as a file has them.
    pub(super) fn objectives(mut self, objectives: Objectives) -> Self {
        self.objectives = objectives;
        self
    }
}

fn choices(metrics: impl IntoIterator<Item = impl Into<MetricChoice>>) -> Vec<MetricChoice> {
    metrics.into_iter().map(Into::into).collect()
}

fn chosen<T: ?Sized>(result: Result<Arc<T>>) -> Chosen<T> {
    result.map_or_else(Chosen::Failed, Chosen::Value)
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

/// A model's training configuration, with the places of its state among the session's variables.
pub(crate) struct Compiled {
    pub(crate) optimizer: Arc<dyn Optimizer>,
    /// Whether the scale of the loss around the optimizer was put there unasked.
    pub(crate) auto_scaled: bool,
    /// Whether one may be put there.
    pub(crate) auto_scale_loss: bool,
    pub(crate) objectives: Objectives,
    pub(crate) steps_per_execution: usize,
    /// Layers and weights as they were trainable then.
    pub(crate) network: Network,
    pub(crate) weights: Weights,
    /// The trained weights.
    pub(crate) trained: Vec<VariableId>,
    /// What the optimizer keeps, in the order of Keras' files.
    pub(crate) state: State,
    /// The variable that is first in `state`; the others follow.
    pub(crate) first: u32,
    /// The key of all random numbers while training.
    pub(crate) seed: VariableId,
    /// Whether a callback has put the averages of the weights in their place, and them in the averages'.
    pub(crate) averages_in_place: AtomicBool,
    /// How many gradients were taken by hand since the optimizer's last step.
    pub(crate) gradients_taken: u64,
    /// How many variables there are before those of the metrics.
    pub(crate) keep: usize,
    /// What is tracked, once the targets' shapes are known.
    pub(crate) tracked: Option<Tracked>,
}

impl Model {
    /// Sets optimizer, loss and metrics; the optimizer starts anew.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that nothing has; [`Error::Config`] when losses, weights
    /// or metrics do not fit the outputs, or a setting is outside its range.
    pub fn compile(&mut self, compile: Compile) -> Result<()> {
        let optimizer = match compile.optimizer {
            Chosen::Value(optimizer) => optimizer,
            Chosen::Failed(error) => return Err(error),
        };
        optimizer.validate()?;
        if compile.steps_per_execution == 0 {
            return Err(Error::config("compile", "steps_per_execution", "at least 1", 0));
        }
        let scales = compile.auto_scale_loss && self.computes_in_mixed_float16();
        let auto_scaled = scales && optimizer.loss_scaling().is_none();
        let optimizer =
            if auto_scaled { Arc::new(LossScaleOptimizer::around(optimizer)) } else { optimizer };
        compile.objectives.check(&self.network.output_names())?;
        // Branches of unequal depth come in another order in Keras than here.
        let mut trained = crate::saving::in_keras_order(self);
        trained.retain(|&place| self.weights[place].trainable);
        let weights: Vec<&Weight> = trained.iter().map(|&place| &self.weights[place]).collect();
        let state = State::new(&*optimizer, &weights)?;
        let first = self.weights.len() as u32;
        let (mut specs, mut values): (Vec<_>, Vec<_>) = state
            .variables
            .iter()
            .map(|kept| {
                let (name, spec) = (kept.name.clone(), kept.spec.clone());
                (VariableSpec { name, spec }, kept.initial_value())
            })
            .unzip();
        let seed = VariableId(first + specs.len() as u32);
        specs.push(variable("training/seed", DType::U32, &[2]));
        values.push(Array::zeros(DType::U32, &[2]));
        let keep = self.weights.len() + specs.len();
        self.engine.extend(self.weights.len(), specs, values)?;
        self.compiled = Some(Compiled {
            optimizer,
            auto_scaled,
            auto_scale_loss: compile.auto_scale_loss,
            objectives: compile.objectives,
            steps_per_execution: compile.steps_per_execution,
            network: self.network.clone(),
            weights: self.weights.clone(),
            trained,
            state,
            first,
            seed,
            averages_in_place: AtomicBool::new(false),
            gradients_taken: 0,
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
        let inner = compiled.optimizer.loss_scaling().filter(|_| compiled.auto_scaled);
        let optimizer = inner.map_or(&compiled.optimizer, |(_, inner)| inner);
        Some(Compile {
            optimizer: Chosen::Value(Arc::clone(optimizer)),
            objectives: compiled.objectives.clone(),
            steps_per_execution: compiled.steps_per_execution,
            auto_scale_loss: compiled.auto_scale_loss,
        })
    }

    fn computes_in_mixed_float16(&self) -> bool {
        let layers = self.network.layers_by_path();
        layers.values().any(|layer| layer.common().dtype.scales_loss())
    }

    pub(crate) fn compiled(&self) -> Result<&Compiled> {
        self.compiled.as_ref().ok_or_else(|| Error::State {
            what: "the model is not compiled".to_owned(),
            advice: "call `compile` with an optimizer and a loss first".to_owned(),
        })
    }

    /// Resolves losses and metrics for targets of these specifications, and makes room for what
    /// they track.
    pub(crate) fn track(&mut self, method: &'static str, targets: &[Spec]) -> Result<()> {
        let compiled = self.compiled()?;
        if compiled.tracked.as_ref().is_some_and(|tracked| tracked.targets == targets) {
            return Ok(());
        }
        let outputs = self.outputs();
        let objectives = compiled.objectives.resolve(&outputs, (method, targets))?;
        let metrics = compiled.objectives.watch(&outputs, (method, targets), &objectives)?;
        let names: Vec<String> = outputs.into_iter().map(|(name, _)| name).collect();
        let keep = compiled.keep;
        let tracked = Tracked::new(targets.to_vec(), objectives, metrics, &names, keep);
        let (specs, values) = tracked.variables();
        // Targets of another type mostly need the same variables: programs then stay compiled.
        if self.engine.variables()[keep..] != specs[..] {
            self.engine.extend(keep, specs, values)?;
        }
        if let Some(compiled) = &mut self.compiled {
            compiled.tracked = Some(tracked);
        }
        Ok(())
    }
}

pub(super) fn variable(name: &str, dtype: DType, shape: &[usize]) -> VariableSpec {
    VariableSpec { name: name.to_owned(), spec: Spec::new(dtype, shape) }
}
