use std::sync::Arc;

use rhyton_graph::{Shape, Spec, Tensor, VariableId};
use rhyton_tensor::Array;

use super::choices::MetricChoice;
use super::compile::variable;
use crate::engine::Engine;
use crate::metrics::{Metric, MetricState, MetricValue};
use crate::models::Model;
use crate::{Error, Result};

/// A metric without a model: it is told targets and predictions, batch after batch.
///
/// ```
/// use rhyton::{Array, metrics::MetricValue, training::RunningMetric};
/// let mut accuracy = RunningMetric::new("accuracy")?;
/// let y_true = Array::from_slice(&[4, 1], &[0.0_f32, 1.0, 1.0, 0.0])?;
/// let y_pred = Array::from_slice(&[4, 1], &[0.1_f32, 0.8, 0.3, 0.2])?;
/// accuracy.update_state(&y_true, &y_pred, None)?;
/// assert_eq!(accuracy.result()?, MetricValue::Number(0.75));
/// accuracy.reset_state()?;
/// # Ok::<(), rhyton::Error>(())
/// ```
///
/// Source: Keras 3.15, `keras.Metric` called alone.
pub struct RunningMetric {
    choice: MetricChoice,
    /// What the first batch settled.
    settled: Option<Settled>,
}

struct Settled {
    metric: Arc<dyn Metric>,
    states: Vec<MetricState>,
    engine: Engine,
}

impl std::fmt::Debug for RunningMetric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningMetric").field("metric", &self.choice).finish_non_exhaustive()
    }
}

impl RunningMetric {
    /// A metric that has seen nothing: by name, expression or value.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest names; [`Error::Config`] for settings out of range.
    pub fn new(metric: impl Into<MetricChoice>) -> Result<Self> {
        let choice = metric.into();
        choice.check()?;
        Ok(Self { choice, settled: None })
    }

    /// Takes a batch into account; the first axis is the batch.
    ///
    /// # Errors
    /// [`Error::Data`] for arrays that do not fit together, or whose states have other shapes than
    /// those of the batches before.
    pub fn update_state(
        &mut self,
        y_true: &Array,
        y_pred: &Array,
        sample_weight: Option<&Array>,
    ) -> Result<()> {
        let mut arrays = vec![y_true, y_pred];
        arrays.extend(sample_weight);
        let specs = arrays.iter().map(|array| spec(array, y_true));
        let specs = specs.collect::<Result<Vec<Spec>>>()?;
        let settled = match self.settled.take() {
            Some(settled) => settled,
            None => Settled::new(&self.choice, &specs)?,
        };
        let settled = self.settled.insert(settled);
        settled.check(&specs)?;
        let program = settled.engine.program(&format!("{specs:?}"), |tracer| {
            let named = specs.iter().zip(["y_true", "y_pred", "sample_weight"]);
            let inputs: Vec<Tensor> =
                named.map(|(spec, name)| tracer.input(name, spec.clone())).collect();
            let places = (0..settled.states.len()).map(|place| VariableId(place as u32));
            let states: Vec<Tensor> = places.clone().map(|place| tracer.variable(place)).collect();
            let metric = &settled.metric;
            let next = metric.update(&states, &inputs[0], &inputs[1], inputs.get(2))?;
            for (place, value) in places.zip(&next) {
                tracer.assign(place, value).checked()?;
            }
            Ok(())
        })?;
        Ok(program.run(&arrays, &mut Vec::new(), &Model::run_options())?)
    }

    /// The value so far; before the first batch 0.
    ///
    /// # Errors
    /// What the engine fails with.
    pub fn result(&self) -> Result<MetricValue> {
        let Some(settled) = &self.settled else { return Ok(MetricValue::Number(0.0)) };
        let places = 0..settled.states.len() as u32;
        let states = places.map(|place| settled.engine.read(VariableId(place)));
        Ok(settled.metric.result(&states.collect::<Result<Vec<Array>>>()?))
    }

    /// Forgets all batches.
    ///
    /// # Errors
    /// What the engine fails with.
    pub fn reset_state(&mut self) -> Result<()> {
        let Some(settled) = &self.settled else { return Ok(()) };
        for (place, state) in settled.states.iter().enumerate() {
            settled.engine.write(VariableId(place as u32), &state.value())?;
        }
        Ok(())
    }
}

/// The specification of an array of as many rows as the first.
fn spec(array: &Array, first: &Array) -> Result<Spec> {
    let (rows, rest) = match array.shape().split_first() {
        Some((rows, rest)) if first.shape().first() == Some(rows) => (*rows, rest),
        _ => (0, &[][..]),
    };
    if rows == 0 {
        let expected = "arrays of as many rows, at least one";
        let received = format!("{:?} beside {:?}", array.shape(), first.shape());
        return Err(Error::data("update_state", "batch", expected, received));
    }
    Ok(Spec::new(array.dtype(), Shape::batched(rest)))
}

impl Settled {
    fn new(choice: &MetricChoice, specs: &[Spec]) -> Result<Self> {
        let metric = choice.resolve(&specs[0], &specs[1])?;
        let states = metric.states(&specs[0], &specs[1])?;
        let variables = states.iter().map(|s| variable(s.name, s.dtype, &s.shape)).collect();
        let settings = crate::configuration::settings()?;
        let backend = crate::backends::from_settings(&settings)?;
        let values = states.iter().map(MetricState::value).collect();
        Ok(Self { metric, states, engine: Engine::new(backend, variables, values) })
    }

    fn check(&self, specs: &[Spec]) -> Result<()> {
        if self.metric.states(&specs[0], &specs[1])? == self.states {
            return Ok(());
        }
        let expected = "batches like those before; make another metric for others";
        Err(Error::data("update_state", "y_pred", expected, &specs[1]))
    }
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::DType;

    use super::*;

    fn column(values: &[f32]) -> Array {
        Array::from_slice(&[values.len(), 1], values).unwrap()
    }

    #[test]
    fn batches_add_up() {
        let mut error = RunningMetric::new("abs(y_true - y_pred)").unwrap();
        assert_eq!(error.result().unwrap(), MetricValue::Number(0.0));
        error.update_state(&column(&[1.0, 2.0]), &column(&[0.0, 0.0]), None).unwrap();
        error.update_state(&column(&[6.0]), &column(&[0.0]), None).unwrap();
        assert_eq!(error.result().unwrap(), MetricValue::Number(3.0));
        error.reset_state().unwrap();
        let weights = Array::from_slice(&[2], &[3.0_f32, 1.0]).unwrap();
        error.update_state(&column(&[1.0, 2.0]), &column(&[0.0, 0.0]), Some(&weights)).unwrap();
        assert_eq!(error.result().unwrap(), MetricValue::Number(1.25));
        let refused = error.update_state(&column(&[1.0]), &column(&[1.0, 2.0]), None);
        insta::assert_snapshot!(refused.unwrap_err(), @"update_state: batch expected arrays of as many rows, at least one, received [2, 1] beside [1, 1]");
        let half = Array::zeros(DType::F16, &[0, 1]);
        assert!(error.update_state(&half, &half, None).is_err());
        assert!(RunningMetric::new("acuracy").is_err());
    }
}
