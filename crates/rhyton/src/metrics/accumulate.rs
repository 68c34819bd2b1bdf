use rhyton_graph::{Tensor, broadcast_to, cast, dimension, mean, sum};
use rhyton_tensor::{Array, DType};

use super::MetricState;
use crate::Result;
use crate::losses::same_rank;

/// The states of a mean: the weighted sum and the sum of weights, float32 as in Keras.
pub fn mean_states() -> Vec<MetricState> {
    vec![MetricState::new("total", &[]), MetricState::new("count", &[])]
}

/// The states of a mean after a batch of values: `total + Σ w·v` and `count + Σ w`, where w is 1 for
/// every sample if no weight is given. Values with more axes than one are averaged over a sample
/// first. A value that is a mean already counts as its weight says: `accumulate_mean(states, &loss,
/// Some(&batch_size))`.
///
/// # Shapes
/// `states`: two scalars; `values: [N, …]` or `[]`; `sample_weight: [N]`, `[N, …]` or `[]`.
///
/// # Errors
/// When the weights do not broadcast to the values.
///
/// Source: Keras 3.15 `keras.metrics.Mean`.
pub fn accumulate_mean(
    states: &[Tensor],
    values: &Tensor,
    sample_weight: Option<&Tensor>,
) -> Result<Vec<Tensor>> {
    let [total, count] = states else {
        return Err(crate::Error::config("Mean", "states", "total and count", states.len()));
    };
    let values = cast(values, DType::F32);
    let (values, weights) = if let Some(weight) = sample_weight {
        weigh(&values, &cast(weight, DType::F32))?
    } else {
        let samples = if values.rank() == 0 {
            values.scalar_like(1.0)
        } else {
            cast(&dimension(&values, 0), DType::F32)
        };
        (values, samples)
    };
    let values = mean_from(&values, 1);
    let total = (total + sum(&values, None, false)).checked()?;
    Ok(vec![total, (count + sum(&weights, None, false)).checked()?])
}

/// Values times weights, and the weights as they count, by Keras' rules for their shapes.
fn weigh(values: &Tensor, weight: &Tensor) -> Result<(Tensor, Tensor)> {
    let (values, weight) = same_rank(values, weight)?;
    let values = mean_from(&values, weight.rank());
    let weight = broadcast_to(&weight, values.shape()).checked()?;
    Ok((values * &weight, mean_from(&weight, 1)))
}

/// The mean over all axes from a place on; the tensor itself if there are none.
fn mean_from(x: &Tensor, start: usize) -> Tensor {
    let axes: Vec<isize> = (start..x.rank()).map(|axis| axis as isize).collect();
    if axes.is_empty() { x.clone() } else { mean(x, Some(&axes), false) }
}

/// total ÷ count, 0 before the first batch.
pub fn mean_result(states: &[Array]) -> f64 {
    let value = |place: usize| {
        states.get(place).and_then(|state| state.to_f64().first().copied()).unwrap_or(0.0) as f32
    };
    let (total, count) = (value(0), value(1));
    if count == 0.0 { 0.0 } else { f64::from(total / count) }
}
