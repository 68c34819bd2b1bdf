//! The optimizer's variables in a model: learning rate, number of steps, averages of weights.

use std::sync::atomic::Ordering;

use rhyton_graph::VariableId;
use rhyton_tensor::Array;

use super::compile::Compiled;
use crate::layer::random_key;
use crate::models::Model;
use crate::optimizers::State;
use crate::{Error, Result};

impl Compiled {
    /// The session's variable for a place in the optimizer's state.
    pub(crate) fn variable(&self, place: usize) -> VariableId {
        VariableId(self.first + place as u32)
    }

    /// The session's variables of the optimizer's state, in the order of files.
    pub(crate) fn variables(&self) -> Vec<VariableId> {
        (0..self.state.variables.len()).map(|place| self.variable(place)).collect()
    }
}

impl Model {
    /// The learning rate that the next step uses.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`.
    pub fn learning_rate(&self) -> Result<f64> {
        let compiled = self.compiled()?;
        let rate = compiled.optimizer.learning_rate();
        match compiled.state.learning_rate.filter(|_| rate.is_constant()) {
            Some(place) => Ok(self.engine.read(compiled.variable(place))?.to_f64()[0]),
            None => rate.after(self.iterations()?),
        }
    }

    /// Sets the learning rate for the next steps.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`, or when a schedule says the rate; [`Error::Data`] for what
    /// is no finite float32.
    pub fn set_learning_rate(&self, rate: f64) -> Result<()> {
        let compiled = self.compiled()?;
        if !(rate as f32).is_finite() {
            let expected = "a finite number";
            return Err(Error::data("set_learning_rate", "rate", expected, rate));
        }
        let constant = compiled.optimizer.learning_rate().is_constant();
        let Some(place) = compiled.state.learning_rate.filter(|_| constant) else {
            return Err(Error::State {
                what: "the learning rate follows a schedule".to_owned(),
                advice: "compile with a number as learning rate to set it".to_owned(),
            });
        };
        self.engine.write(compiled.variable(place), &Array::scalar(rate as f32))
    }

    /// How many steps the optimizer has made; with accumulated gradients every batch is one.
    ///
    /// # Errors
    /// [`Error::State`] before `compile`.
    pub fn iterations(&self) -> Result<u64> {
        let compiled = self.compiled()?;
        Ok(self.engine.read(compiled.variable(State::ITERATION))?.to_f64()[0] as u64)
    }

    /// Sets what all random numbers of the next steps are drawn from.
    pub(crate) fn set_training_seed(&self, seed: u64) -> Result<()> {
        let key = Array::from_slice(&[2], &random_key(seed, ""))?;
        self.engine.write(self.compiled()?.seed, &key)
    }

    /// Exchanges the weights and their averages.
    pub(crate) fn swap_averages(&self) -> Result<()> {
        self.compiled()?.averages_in_place.fetch_xor(true, Ordering::Relaxed);
        for (weight, average) in self.averaged()? {
            let value = self.engine.read(weight)?;
            self.engine.write(weight, &self.engine.read(average)?)?;
            self.engine.write(average, &value)?;
        }
        Ok(())
    }

    /// Says whether averages and weights have been exchanged, which a training that goes on knows
    /// from its callbacks.
    pub(crate) fn note_averages_in_place(&self, exchanged: bool) -> Result<()> {
        self.compiled()?.averages_in_place.store(exchanged, Ordering::Relaxed);
        Ok(())
    }

    /// Sets the averages to the weights.
    fn set_averages_to_weights(&self) -> Result<()> {
        for (weight, average) in self.averaged()? {
            self.engine.write(average, &self.engine.read(weight)?)?;
        }
        Ok(())
    }

    /// The weights that have averages, with them.
    fn averaged(&self) -> Result<Vec<(VariableId, VariableId)>> {
        let compiled = self.compiled()?;
        if compiled.state.averages.is_empty() {
            return Err(Error::State {
                what: "the optimizer keeps no averages of the weights".to_owned(),
                advice: "compile with an optimizer with `use_ema(true)`".to_owned(),
            });
        }
        let averages = compiled.state.averages.iter().map(|&place| compiled.variable(place));
        Ok(compiled.trained.iter().copied().zip(averages).collect())
    }

    /// Puts the averages of the weights, if there are any, in the weights' place, where they may be
    /// already.
    pub(crate) fn use_averages(&self) -> Result<()> {
        let compiled = self.compiled()?;
        if compiled.averages_in_place.swap(false, Ordering::Relaxed) {
            return self.set_averages_to_weights();
        }
        for (&weight, &place) in compiled.trained.iter().zip(&compiled.state.averages) {
            self.engine.write(weight, &self.engine.read(compiled.variable(place))?)?;
        }
        Ok(())
    }
}
