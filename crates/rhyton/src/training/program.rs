//! The programs of training and evaluation: forward, loss, gradients, update and running values
//! in one graph.

use std::sync::Arc;

use rhyton_graph::{Executable, Spec, Tensor, Tracer, cast, mean, sum};
use rhyton_tensor::DType;

use super::compile::Compiled;
use super::tracked::{Observation, Seen, Tracked, target};
use crate::activations::Bound;
use crate::layer::{Call, Randomness};
use crate::losses::{Loss, ProbabilityOf, Weights, precise, reduce};
use crate::models::{Model, Slot};
use crate::{Error, Result};

/// What a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Train,
    Evaluate,
    /// Train without the optimizer's step: loss and gradients are results.
    Gradients,
}

/// The specifications of what a step takes.
#[derive(Debug, Clone)]
pub(crate) struct StepSpecs {
    pub(crate) inputs: Vec<Spec>,
    pub(crate) targets: Vec<Spec>,
    /// None, one for all targets, or one for each.
    pub(crate) sample_weights: Vec<Spec>,
}

impl Model {
    /// The program for a purpose and data of these specifications.
    pub(crate) fn step_program(
        &self,
        purpose: Purpose,
        specs: &StepSpecs,
    ) -> Result<Arc<dyn Executable>> {
        let compiled = self.compiled()?;
        let Some(tracked) = &compiled.tracked else {
            let advice = "call `fit` or `evaluate`".to_owned();
            return Err(Error::State { what: "nothing is tracked yet".to_owned(), advice });
        };
        let key = format!("{purpose:?} {specs:?}");
        let step = StepTrace { compiled, tracked, purpose };
        self.engine.program(&key, |tracer| step.trace(tracer, specs))
    }

    /// The program of the optimizer's step alone.
    pub(crate) fn update_program(&self) -> Result<Arc<dyn Executable>> {
        let compiled = self.compiled()?;
        // A key by the trained weights: another `compile` may train others.
        let key = format!("update {:?}", compiled.trained);
        self.engine.program(&key, |tracer| compiled.trace_update(tracer))
    }
}

struct StepTrace<'a> {
    compiled: &'a Compiled,
    tracked: &'a Tracked,
    purpose: Purpose,
}

impl StepTrace<'_> {
    fn trace(&self, tracer: &Tracer, specs: &StepSpecs) -> Result<()> {
        let network = &self.compiled.network;
        let inputs = crate::training_inputs::trace(tracer, network, &specs.inputs)?;
        let raw: Vec<Tensor> = specs
            .targets
            .iter()
            .enumerate()
            .map(|(place, spec)| tracer.input(&format!("y{place}"), spec.clone()))
            .collect();
        let weights: Vec<Tensor> = specs
            .sample_weights
            .iter()
            .enumerate()
            .map(|(place, spec)| tracer.input(&format!("sample_weight{place}"), spec.clone()))
            .collect();
        let training = self.purpose != Purpose::Evaluate;
        let mut cx = Call::new(tracer, &self.compiled.weights, training);
        if training {
            let seed = tracer.variable(self.compiled.seed);
            let step = self.compiled.iteration(tracer);
            cx = cx.with_randomness(Randomness { seed, step });
        }
        let values = network.trace(&mut cx, &inputs)?;
        let mut seen = Vec::new();
        for (&slot, objective) in network.outputs.iter().zip(&self.tracked.objectives) {
            let y_pred = values[slot.step][slot.index].clone();
            let loss = objective.loss.as_deref();
            let y_true = objective.target.map(|place| target(loss, &raw[place], &y_pred));
            let sample_weight = objective
                .target
                .and_then(|place| weights.get(if weights.len() == 1 { 0 } else { place }).cloned());
            let mut output = Seen { y_true, y_pred, sample_weight, loss: None };
            if let Some(loss) = loss {
                let within = |error: Error| error.within(format!("loss {}", loss.name()));
                output.loss = self.loss(loss, &cx, slot, &output).map_err(within)?;
            }
            seen.push(output);
        }
        let mut added = cx.take_losses();
        added.extend(self.penalties(tracer)?);
        let total = self.total(&seen, added)?;
        // A loss that is not reduced: its sum is trained, its mean is told.
        let (trained, total) = match total.rank() {
            0 => (total.clone(), total),
            _ => (sum(&total, None, false).checked()?, mean(&total, None, false).checked()?),
        };
        match self.purpose {
            Purpose::Train => {
                let gradients = self.compiled.gradients(tracer, &trained)?;
                self.compiled.apply(tracer, gradients)?;
            }
            Purpose::Gradients => {
                tracer.output("loss", &total)?;
                for (place, slope) in self.compiled.gradients(tracer, &trained)?.iter().enumerate()
                {
                    tracer.output(&format!("gradient{place}"), slope)?;
                }
            }
            Purpose::Evaluate => {}
        }
        self.tracked.trace(tracer, &Observation { loss: &total, outputs: &seen })
    }

    /// The loss of one output; from what enters its softmax or sigmoid where that is possible.
    fn loss(
        &self,
        loss: &dyn Loss,
        cx: &Call<'_>,
        output: Slot,
        seen: &Seen,
    ) -> Result<Option<Tensor>> {
        let Seen { y_true: Some(y_true), y_pred, .. } = seen else { return Ok(None) };
        let values = match self.logits(cx, output) {
            Some((logits, kind)) => loss.call_logits(y_true, &precise(&logits), kind),
            None => None,
        };
        let values = values.unwrap_or_else(|| loss.call(y_true, y_pred))?;
        let mask = loss.mask(y_true, y_pred)?;
        let weights = Weights { mask: mask.as_ref(), sample_weight: seen.sample_weight.as_ref() };
        reduce(&values, weights, loss.reduction()).map(Some)
    }

    fn logits(&self, cx: &Call<'_>, output: Slot) -> Option<(Tensor, ProbabilityOf)> {
        let (layer, activation) = self.compiled.network.output_activation(output)?;
        if !activation.bound().is_ok_and(Bound::is_default) {
            return None;
        }
        let kind = if activation.is_builtin("softmax") {
            ProbabilityOf::Softmax
        } else if activation.is_builtin("sigmoid") {
            ProbabilityOf::Sigmoid
        } else {
            return None;
        };
        Some((cx.entered_activation(&layer)?.clone(), kind))
    }

    /// What the trained weights add to the loss.
    fn penalties(&self, tracer: &Tracer) -> Result<Vec<Tensor>> {
        let trained = self.compiled.weights.iter().filter(|(_, weight)| weight.trainable);
        let regularized = trained.filter_map(|(variable, weight)| {
            weight.regularizer.as_ref().map(|regularizer| (variable, weight, regularizer))
        });
        regularized
            .map(|(variable, weight, regularizer)| {
                let penalty = regularizer.get()?.call(&tracer.variable(variable));
                Ok(cast(&penalty.map_err(|e| e.within(weight.path.clone()))?, DType::F32))
            })
            .collect()
    }

    /// The weighted sum of the outputs' losses and what layers and weights add.
    fn total(&self, outputs: &[Seen], added: Vec<Tensor>) -> Result<Tensor> {
        let losses = outputs.iter().map(|seen| &seen.loss).zip(&self.tracked.objectives);
        let weighted = losses.filter_map(|(loss, objective)| match objective.weight {
            Some(weight) if weight != 1.0 => Some(loss.as_ref()? * weight),
            _ => loss.clone(),
        });
        let total = weighted.chain(added).reduce(|sum, loss| sum + loss);
        Ok(total.expect("some output has a loss").checked()?)
    }
}
