//! The two halves of a step of training after the loss: gradients, and the optimizer's step with
//! them. They stand in one program, or each in its own.

use rhyton_graph::{Spec, Tensor, Tracer, VariableId, gradients};

use super::compile::Compiled;
use crate::Result;
use crate::layer::Weight;
use crate::optimizers::{State, Step, Values};

impl Compiled {
    /// The gradients of the trained weights; a scale that the optimizer puts on the loss is taken
    /// out again.
    pub(super) fn gradients(&self, tracer: &Tracer, loss: &Tensor) -> Result<Vec<Tensor>> {
        let (weights, old) = (self.trained(), self.old(tracer));
        let step = self.step(&weights);
        let by: Vec<&Tensor> = old.weights.iter().collect();
        let gradients = gradients(&step.scaled(&old, loss), &by)?;
        Ok(step.unscaled(&old, gradients))
    }

    /// The optimizer's step with gradients of the trained weights.
    pub(super) fn apply(&self, tracer: &Tracer, gradients: Vec<Tensor>) -> Result<()> {
        let (weights, old) = (self.trained(), self.old(tracer));
        let new = self.step(&weights).apply(&old, gradients)?;
        let kept = self.state.learning_rate;
        let places = self.variables();
        let state = places.iter().zip(&new.state).enumerate();
        let changing = state.filter(|(place, _)| kept != Some(*place)).map(|(_, pair)| pair);
        for (&place, value) in self.trained.iter().zip(&new.weights).chain(changing) {
            tracer.assign(place, value).checked()?;
        }
        Ok(())
    }

    /// A program of the optimizer's step alone: its inputs are the gradients.
    pub(super) fn trace_update(&self, tracer: &Tracer) -> Result<()> {
        let named = self.trained().into_iter().enumerate();
        let inputs = named.map(|(place, weight)| {
            let spec = Spec::new(weight.spec.dtype, weight.spec.shape.clone());
            tracer.input(&format!("gradient{place}"), spec)
        });
        self.apply(tracer, inputs.collect())
    }

    fn step<'a>(&'a self, weights: &'a [&'a Weight]) -> Step<'a> {
        Step { optimizer: &*self.optimizer, weights, state: &self.state }
    }

    fn trained(&self) -> Vec<&Weight> {
        let places = self.trained.iter();
        places.map(|&place| &self.weights[place]).collect()
    }

    fn old(&self, tracer: &Tracer) -> Values {
        let read = |places: &[VariableId]| -> Vec<Tensor> {
            places.iter().map(|&place| tracer.variable(place)).collect()
        };
        Values { weights: read(&self.trained), state: read(&self.variables()) }
    }

    /// The number of steps before this one.
    pub(super) fn iteration(&self, tracer: &Tracer) -> Tensor {
        tracer.variable(self.variable(State::ITERATION))
    }
}
