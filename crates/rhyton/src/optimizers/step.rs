use rhyton_graph::{
    Tensor, cast, equal, floor_divide, isfinite, logical_not, not_equal, remainder, sum, where_,
    zeros_like,
};
use rhyton_tensor::DType;

use super::state::State;
use super::{Optimizer, StepContext};
use crate::layer::Weight;
use crate::{Error, Result};

/// One step of training after the gradients, on all weights together.
pub(crate) struct Step<'a> {
    pub(crate) optimizer: &'a dyn Optimizer,
    pub(crate) weights: &'a [&'a Weight],
    pub(crate) state: &'a State,
}

/// Values before a step, or after it.
#[derive(Clone)]
pub(crate) struct Values {
    /// The weights.
    pub(crate) weights: Vec<Tensor>,
    /// The optimizer's variables, in the order of [`State`].
    pub(crate) state: Vec<Tensor>,
}

/// What the loss is multiplied by.
enum Scale {
    Fixed(f64),
    Dynamic(Tensor),
}

impl Scale {
    /// As a scalar of a tensor's element type.
    fn of(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Fixed(factor) => x.scalar_like(*factor),
            Self::Dynamic(scale) => cast(scale, x.dtype()),
        }
    }
}

impl Step<'_> {
    /// The loss as gradients are taken of it, times the optimizer's scale.
    pub(crate) fn scaled(&self, old: &Values, loss: &Tensor) -> Tensor {
        self.scale(old).map_or(loss.clone(), |scale| loss * scale.of(loss))
    }

    /// Gradients of the scaled loss as those of the loss itself.
    pub(crate) fn unscaled(&self, old: &Values, gradients: Vec<Tensor>) -> Vec<Tensor> {
        let Some(scale) = self.scale(old) else { return gradients };
        gradients.into_iter().map(|gradient| &gradient / scale.of(&gradient)).collect()
    }

    fn scale(&self, old: &Values) -> Option<Scale> {
        let dynamic = self.state.scale.map(|scale| old.state[scale.dynamic_scale].clone());
        let fixed = self.optimizer.options().loss_scale_factor;
        dynamic.map(Scale::Dynamic).or(fixed.map(Scale::Fixed))
    }

    /// A step with unscaled gradients. Where the loss' scale is dynamic, gradients that are not
    /// finite change nothing but the scale.
    pub(crate) fn apply(&self, old: &Values, gradients: Vec<Tensor>) -> Result<Values> {
        let (Some(places), Some((scaling, _))) = (self.state.scale, self.optimizer.loss_scaling())
        else {
            return self.apply_all(old, gradients);
        };
        let bad = gradients
            .iter()
            .map(|gradient| sum(&cast(&logical_not(&isfinite(gradient)), DType::F32), None, false));
        let bad = bad.reduce(|all, more| all + more);
        let mut new = self.apply_all(old, gradients)?;
        let Some(bad) = bad else { return Ok(new) };
        let finite = equal(bad, 0);
        for (new, old) in new.weights.iter_mut().zip(&old.weights) {
            *new = where_(&finite, &*new, old);
        }
        for (new, old) in new.state.iter_mut().zip(&old.state) {
            *new = where_(&finite, &*new, old);
        }
        let counter = &old.state[places.step_counter];
        let scale = &old.state[places.dynamic_scale];
        let grows = equal(counter, i64::from(scaling.dynamic_growth_steps) - 1);
        let counted = where_(&grows, zeros_like(counter), counter + 1);
        new.state[places.step_counter] = where_(&finite, counted, zeros_like(counter));
        let grown = where_(&grows, scale * 2.0, scale);
        new.state[places.dynamic_scale] = where_(&finite, grown, scale * 0.5);
        Ok(new)
    }

    /// The order is Keras': the gradients are averaged with those of the steps before,
    /// clipped; weights decay and are updated; then averages, and constraints. `iteration` grows in
    /// every step; the optimizer sees the number of updates, a schedule the number of steps.
    fn apply_all(&self, old: &Values, gradients: Vec<Tensor>) -> Result<Values> {
        let options = self.optimizer.options();
        let iteration = &old.state[State::ITERATION];
        let rate = match (options.learning_rate.scheduled(iteration)?, self.state.learning_rate) {
            (Some(rate), _) => rate,
            (None, place) => old.state[place.expect("a constant rate is a variable")].clone(),
        };
        let mut new = old.clone();
        let accumulation = options.gradient_accumulation_steps.map(i64::from);
        let due = accumulation.map(|steps| equal(remainder(iteration + 1, steps), 0));
        let gradients = match (accumulation, &due) {
            (Some(steps), Some(due)) => {
                self.accumulate((steps, due), old, &mut new, gradients.into_iter())
            }
            _ => gradients,
        };
        let updates = match accumulation {
            Some(steps) => floor_divide(iteration, steps),
            None => iteration.clone(),
        };
        let context = StepContext { learning_rate: &rate, iteration: &updates, scalars: &[] };
        let gradients = self.optimizer.transform_gradients(gradients)?;
        self.update(&context, (old, &mut new), &gradients)?;
        if let Some(due) = &due {
            self.keep_unless(due, old, &mut new);
        }
        self.average(&updates, old, &mut new);
        for (weight, value) in self.weights.iter().zip(&mut new.weights) {
            if let Some(constraint) = &weight.constraint {
                *value = constraint.get()?.call(value).map_err(|e| e.within(&*weight.path))?;
            }
        }
        new.state[State::ITERATION] = iteration + 1;
        Ok(new)
    }

    /// Adds the gradients to those of the steps before; their means.
    fn accumulate(
        &self,
        (steps, due): (i64, &Tensor),
        old: &Values,
        new: &mut Values,
        gradients: impl Iterator<Item = Tensor>,
    ) -> Vec<Tensor> {
        let places = self.state.accumulators.iter();
        let means = gradients.zip(places).map(|(gradient, &place)| {
            let sum = gradient + &old.state[place];
            new.state[place] = where_(due, zeros_like(&sum), &sum);
            sum / steps as f64
        });
        means.collect()
    }

    /// The optimizer's own scalars, then its update of every weight.
    fn update(
        &self,
        context: &StepContext<'_>,
        (old, new): (&Values, &mut Values),
        gradients: &[Tensor],
    ) -> Result<()> {
        let of = |places: &[usize]| -> Vec<Tensor> {
            places.iter().map(|&place| old.state[place].clone()).collect()
        };
        let scalars = of(&self.state.scalars);
        let scalars = self.optimizer.advance(&StepContext { scalars: &scalars, ..*context })?;
        for (&place, scalar) in self.state.scalars.iter().zip(&scalars) {
            new.state[place] = scalar.clone();
        }
        let context = StepContext { scalars: &scalars, ..*context };
        for (which, gradient) in gradients.iter().enumerate() {
            let (weight, places) = (self.weights[which], &self.state.slots[which]);
            let within = |error: Error| error.within(format!("optimizer {}", weight.path));
            let value = self.optimizer.decayed(&context, weight, &old.weights[which]);
            let gradient = cast(gradient, value.dtype());
            let update = self
                .optimizer
                .update_step(&context, &value, &gradient, &of(places))
                .map_err(within)?;
            new.weights[which] = update.variable;
            for (&place, slot) in places.iter().zip(update.slots) {
                new.state[place] = slot;
            }
        }
        Ok(())
    }

    /// Takes back what an update changed in a step that only adds to the accumulated gradients.
    fn keep_unless(&self, due: &Tensor, old: &Values, new: &mut Values) {
        for (new, old) in new.weights.iter_mut().zip(&old.weights) {
            *new = where_(due, &*new, old);
        }
        let places = self.state.slots.iter().flatten().chain(&self.state.scalars);
        for &place in places {
            new.state[place] = where_(due, &new.state[place], &old.state[place]);
        }
    }

    /// Moves the averages of the weights, and puts them in the weights' place where that is due.
    fn average(&self, updates: &Tensor, old: &Values, new: &mut Values) {
        let options = self.optimizer.options();
        let overwrites = options
            .ema_overwrite_frequency
            .map(|updates_between| equal(remainder(updates + 1, i64::from(updates_between)), 0));
        for (weight, &place) in new.weights.iter_mut().zip(&self.state.averages) {
            let momentum = cast(&not_equal(updates, 0), weight.dtype()) * options.ema_momentum;
            let average = &momentum * &old.state[place] + (1.0 - &momentum) * &*weight;
            if let Some(due) = &overwrites {
                *weight = where_(due, &average, &*weight);
            }
            new.state[place] = average;
        }
    }
}
