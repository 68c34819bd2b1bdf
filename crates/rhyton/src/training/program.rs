//! The programs of training and evaluation: forward, loss, gradients, update and running values
//! in one graph.

use std::sync::Arc;

use rhyton_graph::{Executable, Spec, Tensor, Tracer, gradients};

use super::compile::Compiled;
use super::tracked::{Observation, Tracked, target};
use crate::activations::Bound;
use crate::layer::{Call, Randomness};
use crate::losses::{Loss, ProbabilityOf, Weights, reduce};
use crate::models::{Model, Slot};
use crate::optimizers::StepContext;
use crate::{Error, Result};

/// What a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Train { seed: u64 },
    Evaluate,
}

/// The specifications of what a step takes.
#[derive(Debug, Clone)]
pub(crate) struct StepSpecs {
    pub(crate) inputs: Vec<Spec>,
    pub(crate) targets: Vec<Spec>,
    pub(crate) sample_weight: Option<Spec>,
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
        let step = StepTrace { model: self, compiled, tracked, purpose };
        self.engine.program(&key, |tracer| step.trace(tracer, specs))
    }
}

struct StepTrace<'a> {
    model: &'a Model,
    compiled: &'a Compiled,
    tracked: &'a Tracked,
    purpose: Purpose,
}

impl StepTrace<'_> {
    fn trace(&self, tracer: &Tracer, specs: &StepSpecs) -> Result<()> {
        let network = &self.model.network;
        let inputs = crate::training_inputs::trace(tracer, network, &specs.inputs)?;
        let raw: Vec<Tensor> = specs
            .targets
            .iter()
            .enumerate()
            .map(|(place, spec)| tracer.input(&format!("y{place}"), spec.clone()))
            .collect();
        let weight =
            specs.sample_weight.as_ref().map(|spec| tracer.input("sample_weight", spec.clone()));
        let training = matches!(self.purpose, Purpose::Train { .. });
        let mut cx = Call::new(tracer, &self.model.weights, training);
        if let Purpose::Train { seed } = self.purpose {
            let step = tracer.variable(self.compiled.iteration);
            cx = cx.with_randomness(Randomness { seed, step });
        }
        let values = network.trace(&mut cx, &inputs)?;
        let mut targets = Vec::new();
        let mut predictions = Vec::new();
        let mut losses = Vec::new();
        for (place, &slot) in network.outputs.iter().enumerate() {
            let loss = &*self.tracked.losses[place];
            let y_pred = values[slot.step][slot.index].clone();
            let y_true = target(loss, &raw[place], &y_pred);
            let value = self.loss(loss, &cx, slot, (&y_true, &y_pred, weight.as_ref()));
            losses.push(value.map_err(|error| error.within(format!("loss {}", loss.name())))?);
            targets.push(y_true);
            predictions.push(y_pred);
        }
        let total = self.total(&losses, cx.take_losses())?;
        if training {
            self.update(tracer, &total)?;
        }
        let seen = Observation {
            loss: &total,
            output_losses: &losses,
            targets: &targets,
            predictions: &predictions,
        };
        self.tracked.trace(tracer, &seen)
    }

    /// The loss of one output; from what enters its softmax or sigmoid where that is possible.
    fn loss(
        &self,
        loss: &dyn Loss,
        cx: &Call<'_>,
        output: Slot,
        (y_true, y_pred, weight): (&Tensor, &Tensor, Option<&Tensor>),
    ) -> Result<Tensor> {
        let values = match self.logits(cx, output) {
            Some((logits, kind)) => loss.call_logits(y_true, &logits, kind),
            None => None,
        };
        let values = values.unwrap_or_else(|| loss.call(y_true, y_pred))?;
        let mask = loss.mask(y_true, y_pred)?;
        let weights = Weights { mask: mask.as_ref(), sample_weight: weight };
        reduce(&values, weights, loss.reduction())
    }

    fn logits(&self, cx: &Call<'_>, output: Slot) -> Option<(Tensor, ProbabilityOf)> {
        let layer = self.model.network.output_layer(output)?;
        let activation = layer.activation()?;
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
        Some((cx.entered_activation(&layer.label())?.clone(), kind))
    }

    /// The weighted sum of the outputs' losses and what layers added.
    fn total(&self, losses: &[Tensor], added: Vec<Tensor>) -> Result<Tensor> {
        let factor = |place: usize| {
            self.compiled.loss_weights.as_ref().map_or(1.0, |weights| {
                weights.get(place).or(weights.first()).copied().unwrap_or(1.0)
            })
        };
        let weighted = losses.iter().enumerate().map(|(place, loss)| match factor(place) {
            1.0 => loss.clone(),
            factor => loss * factor,
        });
        let total = weighted.chain(added).reduce(|sum, loss| sum + loss);
        Ok(total.expect("a model has outputs").checked()?)
    }

    /// Gradients of the trained weights, and the optimizer's step with them.
    fn update(&self, tracer: &Tracer, loss: &Tensor) -> Result<()> {
        let compiled = self.compiled;
        let trained: Vec<Tensor> =
            compiled.slots.iter().map(|(variable, _)| tracer.variable(*variable)).collect();
        let gradients = gradients(loss, &trained.iter().collect::<Vec<_>>())?;
        let gradients = compiled.optimizer.transform_gradients(gradients)?;
        let iteration = tracer.variable(compiled.iteration);
        let learning_rate = tracer.variable(compiled.learning_rate);
        let context = StepContext { learning_rate: &learning_rate, iteration: &iteration };
        for (((variable, places), value), gradient) in
            compiled.slots.iter().zip(&trained).zip(&gradients)
        {
            let slots: Vec<Tensor> = places.iter().map(|&place| tracer.variable(place)).collect();
            let path = &self.model.engine.variables()[variable.index()].name;
            let update = compiled
                .optimizer
                .update(&context, value, gradient, &slots)
                .map_err(|error| error.within(format!("optimizer {path}")))?;
            tracer.assign(*variable, &update.variable).checked()?;
            for (place, slot) in places.iter().zip(&update.slots) {
                tracer.assign(*place, slot).checked()?;
            }
        }
        tracer.assign(compiled.iteration, &(&iteration + 1)).checked()?;
        Ok(())
    }
}
