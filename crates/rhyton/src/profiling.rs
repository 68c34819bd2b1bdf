//! What each step of a prediction or a training step takes, on an engine that can tell.

use rhyton_graph::{Executable, StepProfile};
use rhyton_tensor::Array;

use crate::Result;
use crate::models::Model;

/// What runs of one program took.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The steps in the order in which they run, with the median of their seconds; none from an engine
    /// that does not tell.
    pub steps: Vec<StepProfile>,
    /// The median of the seconds of whole runs, which no clock disturbed between steps.
    pub seconds: f64,
}

impl Model {
    /// What the steps of a prediction for a batch take: medians of `rounds` runs, after one that does
    /// not count.
    ///
    /// # Errors
    /// [`crate::Error::Data`] for inputs that do not fit.
    pub fn profile_predict(&self, inputs: &[&Array], rounds: usize) -> Result<Profile> {
        let specs = self.check_inputs("profile_predict", inputs)?;
        Self::profiled(&*self.predict_program(&specs)?, inputs, rounds)
    }

    /// What the steps of a program take.
    pub(crate) fn profiled(
        program: &dyn Executable,
        inputs: &[&Array],
        rounds: usize,
    ) -> Result<Profile> {
        let options = Self::run_options();
        let mut outputs = Vec::new();
        let (mut whole, mut runs) = (Vec::new(), Vec::new());
        program.run(inputs, &mut outputs, &options)?;
        for _ in 0..rounds.max(1) {
            let start = std::time::Instant::now();
            program.run(inputs, &mut outputs, &options)?;
            whole.push(start.elapsed().as_secs_f64());
            runs.push(program.profile(inputs, &mut outputs, &options)?.unwrap_or_default());
        }
        let mut steps = runs[0].clone();
        for (place, step) in steps.iter_mut().enumerate() {
            step.seconds = median(runs.iter().map(|run| run[place].seconds).collect());
        }
        Ok(Profile { steps, seconds: median(whole) })
    }
}

/// The middle of some numbers, the upper one of two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Sequential};

    #[test]
    fn a_prediction_tells_its_steps_with_their_layers() {
        let model =
            Sequential::new().input(&[8]).add(Dense::new(4).activation("swish")).build().unwrap();
        let x = Array::from_slice(&[16, 8], &[0.5_f32; 128]).unwrap();
        let profile = model.profile_predict(&[&x], 2).unwrap();
        let dense = profile.steps.iter().find(|step| step.path.contains("dense")).unwrap();
        assert!(dense.operations >= 2.0 * 16.0 * 8.0 * 4.0, "{dense:?}");
        assert!(dense.bytes >= 4 * (16 * 8 + 8 * 4 + 16 * 4), "{dense:?}");
        assert!(profile.seconds > 0.0);
        assert!(model.profile_predict(&[], 2).is_err());
    }
}
