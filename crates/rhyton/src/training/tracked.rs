//! What a model tracks while it trains or is evaluated: the loss and the metrics, as running
//! values in variables that are set to zero at the start of each epoch.

use std::sync::Arc;

use rhyton_graph::{Dim, Shape, Spec, Tensor, Tracer, VariableId, VariableSpec, one_hot};
use rhyton_tensor::{Array, DType};

use super::compile::variable;
use super::history::Logs;
use crate::Result;
use crate::engine::Engine;
use crate::losses::{Loss, Target};
use crate::metrics::{Metric, accumulate_mean, mean_result};

/// Losses and metrics of all outputs, for targets of known specifications.
pub(crate) struct Tracked {
    pub(crate) targets: Vec<Spec>,
    pub(crate) losses: Vec<Arc<dyn Loss>>,
    values: Vec<Value>,
}

/// One running value.
struct Value {
    key: String,
    kind: Kind,
    states: Vec<(VariableId, VariableSpec)>,
}

enum Kind {
    /// The whole loss.
    Loss,
    /// The loss of one output of several.
    OutputLoss(usize),
    Metric {
        output: usize,
        metric: Arc<dyn Metric>,
    },
}

/// What a step gives to be tracked.
pub(crate) struct Observation<'a> {
    pub(crate) loss: &'a Tensor,
    pub(crate) output_losses: &'a [Tensor],
    pub(crate) targets: &'a [Tensor],
    pub(crate) predictions: &'a [Tensor],
}

impl Tracked {
    pub(crate) fn new(
        targets: Vec<Spec>,
        losses: Vec<Arc<dyn Loss>>,
        metrics: Vec<Vec<Arc<dyn Metric>>>,
        outputs: &[String],
        first: usize,
    ) -> Self {
        let several = outputs.len() > 1;
        let mut tracked = Self { targets, losses, values: Vec::new() };
        let mut next = first;
        tracked.push("loss".to_owned(), Kind::Loss, &mut next);
        for (output, metrics) in metrics.into_iter().enumerate() {
            if several {
                let key = format!("{}_loss", outputs[output]);
                tracked.push(key, Kind::OutputLoss(output), &mut next);
            }
            for metric in metrics {
                let name = metric.name().to_owned();
                let key = if several { format!("{}_{name}", outputs[output]) } else { name };
                tracked.push(key, Kind::Metric { output, metric }, &mut next);
            }
        }
        tracked
    }

    fn push(&mut self, key: String, kind: Kind, next: &mut usize) {
        let states: Vec<(&str, Vec<usize>)> = match &kind {
            Kind::Loss | Kind::OutputLoss(_) => vec![("total", vec![]), ("count", vec![])],
            Kind::Metric { metric, .. } => {
                metric.states().into_iter().map(|state| (state.name, state.shape)).collect()
            }
        };
        let states = states
            .into_iter()
            .map(|(name, shape)| {
                let place = VariableId(*next as u32);
                *next += 1;
                (place, variable(&format!("metrics/{key}/{name}"), DType::F32, &shape))
            })
            .collect();
        self.values.push(Value { key, kind, states });
    }

    /// The variables that hold the running values.
    pub(crate) fn variables(&self) -> Vec<VariableSpec> {
        self.values.iter().flat_map(|value| value.states.iter().map(|(_, s)| s.clone())).collect()
    }

    /// Adds a step's observation to the running values.
    pub(crate) fn trace(&self, tracer: &Tracer, seen: &Observation<'_>) -> Result<()> {
        let rows = &seen.predictions[0];
        let count = rhyton_graph::cast(&rhyton_graph::dimension(rows, 0), DType::F32);
        for value in &self.values {
            let states: Vec<Tensor> =
                value.states.iter().map(|(place, _)| tracer.variable(*place)).collect();
            let next = match &value.kind {
                Kind::Loss => accumulate_mean(&states, seen.loss, Some(&count))?,
                Kind::OutputLoss(output) => {
                    accumulate_mean(&states, &seen.output_losses[*output], Some(&count))?
                }
                Kind::Metric { output, metric } => {
                    let (y_true, y_pred) = (&seen.targets[*output], &seen.predictions[*output]);
                    metric.update(&states, y_true, y_pred, None)?
                }
            };
            for ((place, _), next) in value.states.iter().zip(&next) {
                tracer.assign(*place, next).checked()?;
            }
        }
        Ok(())
    }

    /// Sets all running values to zero.
    pub(crate) fn reset(&self, engine: &Engine) -> Result<()> {
        for (place, spec) in self.values.iter().flat_map(|value| &value.states) {
            engine.write(*place, &Array::zeros(spec.spec.dtype, &spec.spec.shape.bind(0)))?;
        }
        Ok(())
    }

    /// The running values now.
    pub(crate) fn logs(&self, engine: &Engine) -> Result<Logs> {
        let mut logs = Logs::new();
        for value in &self.values {
            let states = value.states.iter().map(|(place, _)| engine.read(*place));
            let states = states.collect::<Result<Vec<Array>>>()?;
            let result = match &value.kind {
                Kind::Loss | Kind::OutputLoss(_) => mean_result(&states),
                Kind::Metric { metric, .. } => metric.result(&states),
            };
            logs.insert(value.key.clone(), result);
        }
        Ok(logs)
    }
}

/// Whether class numbers must become rows of one 1 for this loss.
fn wants_one_hot(loss: &dyn Loss, y_true: &Spec, y_pred: &Spec) -> Option<usize> {
    let classes = y_pred.shape.last().and_then(|dim: &Dim| dim.fixed_size())?;
    let labels = y_true.dtype.is_integer() && y_true.shape.rank() + 1 == y_pred.shape.rank();
    (loss.target() == Target::Values && labels && classes > 1).then_some(classes)
}

/// The specification of the targets as loss and metrics see them.
pub(crate) fn target_spec(loss: &dyn Loss, y_true: &Spec, y_pred: &Spec) -> Spec {
    match wants_one_hot(loss, y_true, y_pred) {
        None => y_true.clone(),
        Some(classes) => {
            let dims = y_true.shape.iter().copied().chain([Dim::fixed(classes)]);
            Spec::new(DType::F32, dims.collect::<Shape>())
        }
    }
}

/// The targets as loss and metrics see them.
pub(crate) fn target(loss: &dyn Loss, y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    match wants_one_hot(loss, y_true.spec(), y_pred.spec()) {
        None => y_true.clone(),
        Some(classes) => one_hot(y_true, classes, DType::F32),
    }
}
