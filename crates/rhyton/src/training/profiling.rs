use rhyton_tensor::Array;

use super::data::Samples;
use super::program::{Purpose, StepSpecs};
use crate::arrays::Arrays;
use crate::models::Model;
use crate::prediction::{batches, data_error};
use crate::profiling::Profile;
use crate::{Error, Result};

impl Model {
    /// What the parts of a training step on a batch take: medians of `rounds` steps, after one that
    /// does not count. The steps are taken, so weights and the optimizer move; work on a model that is
    /// not needed any more.
    ///
    /// # Errors
    /// [`Error::State`] before `compile` or without a loss; [`Error::Data`] for data that does not fit.
    pub fn profile_training<'a>(
        &mut self,
        x: impl Into<Arrays<'a>>,
        y: impl Into<Arrays<'a>>,
        rounds: usize,
    ) -> Result<Profile> {
        let method = "profile_training";
        let samples = Samples { inputs: x.into(), targets: y.into(), ..Samples::default() };
        let specs: StepSpecs = self.step_specs(method, &samples)?;
        self.track(method, &specs.targets)?;
        self.check_labels(method, &samples)?;
        self.set_training_seed(self.seed)?;
        let program = self.step_program(Purpose::Train, &specs)?;
        let mut batches = batches(method, &samples.named(), samples.rows())?;
        let batch = batches.next_batch().map_err(|error| data_error(method, &error))?;
        let batch = batch.ok_or_else(|| Error::data(method, "x", "at least one sample", 0))?;
        let arrays: Vec<&Array> = batch.arrays.iter().collect();
        Self::profiled(&*program, &arrays, rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Compile, Dense, Sequential};

    #[test]
    fn a_step_of_training_tells_more_than_a_prediction() {
        let mut model =
            Sequential::new().input(&[8]).add(Dense::new(4).activation("swish")).build().unwrap();
        let x = Array::from_slice(&[16, 8], &[0.5_f32; 128]).unwrap();
        let y = Array::from_slice(&[16, 4], &[0.25_f32; 64]).unwrap();
        assert!(matches!(model.profile_training(&x, &y, 1), Err(Error::State { .. })));
        model.compile(Compile::new().optimizer("adam").loss("mse")).unwrap();
        let training = model.profile_training(&x, &y, 2).unwrap();
        let predicting = model.profile_predict(&[&x], 2).unwrap();
        assert!(training.steps.len() > predicting.steps.len());
        let operations =
            |profile: &Profile| profile.steps.iter().map(|s| s.operations).sum::<f64>();
        assert!(operations(&training) > 1.5 * operations(&predicting));
    }
}
