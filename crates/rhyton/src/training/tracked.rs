//! What a model tracks while it trains or is evaluated: the loss and the metrics, as running
//! values in variables that are set to zero at the start of each epoch.

use std::sync::Arc;

use rhyton_graph::{
    Dim, Shape, Spec, Tensor, Tracer, VariableId, VariableSpec, cast, dimension, one_hot,
};
use rhyton_tensor::{Array, DType};

use super::compile::variable;
use super::history::{Logs, list_place};
use super::objectives::Objective;
use crate::engine::Engine;
use crate::losses::{Loss, Target};
use crate::metrics::{Metric, MetricState, MetricValue, accumulate_mean, mean_result, mean_states};
use crate::{Error, Result};

/// Losses and metrics of all outputs, for targets of known specifications.
pub(crate) struct Tracked {
    pub(crate) targets: Vec<Spec>,
    pub(crate) objectives: Vec<Objective>,
    values: Vec<Value>,
}

/// A metric of an output, with its key in logs and its variables.
pub(crate) struct Watched {
    pub(crate) key: String,
    pub(crate) output: usize,
    /// Whether it sees the weights of samples.
    pub(crate) weighted: bool,
    pub(crate) metric: Arc<dyn Metric>,
    pub(crate) states: Vec<MetricState>,
}

/// One running value.
struct Value {
    key: String,
    kind: Kind,
    states: Vec<Variable>,
}

/// A variable that holds a part of a running value.
struct Variable {
    place: VariableId,
    specification: VariableSpec,
    initial: Array,
}

enum Kind {
    /// The whole loss.
    Loss,
    /// The loss of one output of several.
    OutputLoss(usize),
    Metric {
        output: usize,
        weighted: bool,
        metric: Arc<dyn Metric>,
    },
}

/// What a step gives to be tracked.
pub(crate) struct Observation<'a> {
    pub(crate) loss: &'a Tensor,
    pub(crate) outputs: &'a [Seen],
}

/// What a step gives of one output.
pub(crate) struct Seen {
    pub(crate) y_true: Option<Tensor>,
    pub(crate) y_pred: Tensor,
    pub(crate) sample_weight: Option<Tensor>,
    pub(crate) loss: Option<Tensor>,
}

impl Tracked {
    /// What is tracked, in variables from `first` on.
    pub(crate) fn new(
        targets: Vec<Spec>,
        objectives: Vec<Objective>,
        metrics: Vec<Watched>,
        outputs: &[String],
        first: usize,
    ) -> Self {
        let mut next = first;
        let with_loss: Vec<usize> =
            (0..outputs.len()).filter(|&output| objectives[output].loss.is_some()).collect();
        let mut tracked = Self { targets, objectives, values: Vec::new() };
        tracked.push("loss".to_owned(), Kind::Loss, mean_states(), &mut next);
        for &output in with_loss.iter().filter(|_| with_loss.len() > 1) {
            let key = format!("{}_loss", outputs[output]);
            tracked.push(key, Kind::OutputLoss(output), mean_states(), &mut next);
        }
        for Watched { key, output, weighted, metric, states } in metrics {
            tracked.push(key, Kind::Metric { output, weighted, metric }, states, &mut next);
        }
        tracked
    }

    fn push(&mut self, key: String, kind: Kind, states: Vec<MetricState>, next: &mut usize) {
        let variable = |state: MetricState| {
            let place = VariableId(*next as u32);
            *next += 1;
            let name = format!("metrics/{key}/{}", state.name);
            let specification = variable(&name, state.dtype, &state.shape);
            Variable { place, specification, initial: state.value() }
        };
        let states = states.into_iter().map(variable).collect();
        self.values.push(Value { key, kind, states });
    }

    /// The variables that hold the running values, and what they are at the start.
    pub(crate) fn variables(&self) -> (Vec<VariableSpec>, Vec<Array>) {
        let states = self.values.iter().flat_map(|value| &value.states);
        states.map(|state| (state.specification.clone(), state.initial.clone())).unzip()
    }

    /// Adds a step's observation to the running values.
    pub(crate) fn trace(&self, tracer: &Tracer, seen: &Observation<'_>) -> Result<()> {
        let count = cast(&dimension(&seen.outputs[0].y_pred, 0), DType::F32);
        for value in &self.values {
            let states: Vec<Tensor> =
                value.states.iter().map(|state| tracer.variable(state.place)).collect();
            let next = match &value.kind {
                Kind::Loss => accumulate_mean(&states, seen.loss, Some(&count))?,
                Kind::OutputLoss(output) => match &seen.outputs[*output].loss {
                    // Every batch counts once, a smaller last one too: Keras on TensorFlow knows
                    // no batch size here.
                    Some(loss) => accumulate_mean(&states, loss, None)?,
                    None => continue,
                },
                Kind::Metric { output, weighted, metric } => {
                    let Seen { y_true, y_pred, sample_weight, .. } = &seen.outputs[*output];
                    let Some(y_true) = y_true else { continue };
                    let weight = sample_weight.as_ref().filter(|_| *weighted);
                    let within = |error: Error| error.within(format!("metric {}", value.key));
                    // Metrics of half precision predictions are float32, as in Keras.
                    let half = matches!(y_pred.dtype(), DType::F16 | DType::BF16);
                    let y_pred = if half { cast(y_pred, DType::F32) } else { y_pred.clone() };
                    metric.update(&states, y_true, &y_pred, weight).map_err(within)?
                }
            };
            for (state, next) in value.states.iter().zip(&next) {
                tracer.assign(state.place, next).checked()?;
            }
        }
        Ok(())
    }

    /// Sets all running values to what they are at the start of an epoch.
    pub(crate) fn reset(&self, engine: &Engine) -> Result<()> {
        for state in self.values.iter().flat_map(|value| &value.states) {
            engine.write(state.place, &state.initial)?;
        }
        Ok(())
    }

    /// The running value of the whole loss.
    pub(crate) fn loss(&self, engine: &Engine) -> Result<f64> {
        let states = self.values[0].states.iter().map(|state| engine.read(state.place));
        Ok(mean_result(&states.collect::<Result<Vec<Array>>>()?))
    }

    /// The class of the metric under a key of the logs; an output's loss counts as one.
    pub(crate) fn metric_class(&self, key: &str) -> Option<&'static str> {
        let name = list_place(key).map_or(key, |(name, _)| name);
        self.values.iter().find(|value| value.key == name).and_then(|value| match &value.kind {
            Kind::Loss => None,
            Kind::OutputLoss(_) => Some("Loss"),
            Kind::Metric { metric, .. } => Some(metric.spec().class_name),
        })
    }

    /// The running values now.
    pub(crate) fn logs(&self, engine: &Engine) -> Result<Logs> {
        let mut logs = Logs::new();
        for value in &self.values {
            let states = value.states.iter().map(|state| engine.read(state.place));
            let states = states.collect::<Result<Vec<Array>>>()?;
            let result = match &value.kind {
                Kind::Loss | Kind::OutputLoss(_) => MetricValue::Number(mean_result(&states)),
                Kind::Metric { metric, .. } => metric.result(&states),
            };
            match result {
                MetricValue::Number(number) => {
                    logs.insert(value.key.clone(), number);
                }
                MetricValue::Numbers(numbers) => {
                    let key = |place: usize| format!("{}[{place}]", value.key);
                    logs.extend(numbers.into_iter().enumerate().map(|(i, n)| (key(i), n)));
                }
            }
        }
        Ok(logs)
    }
}

/// Whether class numbers must become rows of one 1 for this loss.
pub(super) fn wants_one_hot(loss: &dyn Loss, y_true: &Spec, y_pred: &Spec) -> Option<usize> {
    let classes = y_pred.shape.last().and_then(|dim: &Dim| dim.fixed_size())?;
    let labels = y_true.dtype.is_integer() && y_true.shape.rank() + 1 == y_pred.shape.rank();
    (loss.target() == Target::Values && labels && classes > 1).then_some(classes)
}

/// The specification of the targets as loss and metrics see them.
pub(crate) fn target_spec(loss: Option<&dyn Loss>, y_true: &Spec, y_pred: &Spec) -> Spec {
    match loss.and_then(|loss| wants_one_hot(loss, y_true, y_pred)) {
        None => y_true.clone(),
        Some(classes) => {
            let dims = y_true.shape.iter().copied().chain([Dim::fixed(classes)]);
            Spec::new(DType::F32, dims.collect::<Shape>())
        }
    }
}

/// The targets as loss and metrics see them.
pub(crate) fn target(loss: Option<&dyn Loss>, y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    match loss.and_then(|loss| wants_one_hot(loss, y_true.spec(), y_pred.spec())) {
        None => y_true.clone(),
        Some(classes) => one_hot(y_true, classes, DType::F32),
    }
}
