//! Class numbers of the data against what the model predicts, before a loss sees them.

use rhyton_tensor::Array;

use super::data::{CHUNK_ROWS, Samples};
use super::tracked::wants_one_hot;
use crate::losses::{Loss, Target};
use crate::models::Model;
use crate::prediction::data_error;
use crate::{Error, Result};

impl Model {
    /// Refuses targets that are class numbers outside 0 … classes − 1.
    pub(crate) fn check_labels(&self, method: &'static str, samples: &Samples<'_>) -> Result<()> {
        let Some(tracked) = &self.compiled()?.tracked else { return Ok(()) };
        for (objective, (_, y_pred)) in tracked.objectives.iter().zip(self.outputs()) {
            let (Some(place), Some(loss)) = (objective.target, &objective.loss) else { continue };
            let are_labels = loss.target() == Target::Labels
                || wants_one_hot(&**loss, &tracked.targets[place], &y_pred).is_some();
            let classes = y_pred.shape.last().and_then(|dim| dim.fixed_size());
            if let Some(classes) = classes.filter(|_| are_labels) {
                let mut chunks = samples.targets.0[place].chunks(CHUNK_ROWS);
                while let Some((first, labels)) =
                    chunks.next_chunk().map_err(|error| data_error(method, &error))?
                {
                    check(labels, classes, &**loss).map_err(|(row, value)| {
                        let expected =
                            format!("class numbers 0 … {} for {}", classes - 1, loss.name());
                        let received = format!("{value} in row {}", first + row);
                        Error::data(method, format!("y{place}"), expected, received)
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// The first row with a number that is no class, and the number.
fn check(labels: &Array, classes: usize, loss: &dyn Loss) -> Result<(), (usize, f64)> {
    let rows = labels.shape().first().copied().unwrap_or(0);
    let width = labels.len().checked_div(rows).unwrap_or(1).max(1);
    let ignored = loss.ignored_class().map(|class| class as f64);
    let is_class = |label: f64| (0.0..classes as f64).contains(&label) || Some(label) == ignored;
    let found = labels.to_f64().into_iter().enumerate().find(|(_, label)| !is_class(*label));
    found.map_or(Ok(()), |(place, label)| Err((place / width, label)))
}
