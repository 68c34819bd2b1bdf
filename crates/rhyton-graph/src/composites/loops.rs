use std::sync::Arc;

use crate::tensor::Value;
use crate::{Error, Result, Scan, Spec, Tensor, Tracer};

/// What a loop over time works on; see [`scan`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Loop<'a> {
    /// Values handed from step to step, as they are before the first.
    pub carries: &'a [Tensor],
    /// Tensors of which each step gets one row; all have the same size along axis 0.
    pub sequences: &'a [Tensor],
    /// Tensors that each step sees whole.
    pub invariants: &'a [Tensor],
    /// The number of steps; needed only where there is no sequence.
    pub length: Option<usize>,
    /// Whether the last row comes first. What step t emits stands at row t all the same.
    pub reverse: bool,
}

/// What one step of a loop sees.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The carries as the step before left them.
    pub carries: &'a [Tensor],
    /// This step's row of each sequence.
    pub rows: &'a [Tensor],
    /// The invariants.
    pub invariants: &'a [Tensor],
}

/// Runs `step` once for each row of the sequences. It returns the new carries and what the step
/// emits; the result is the last carries, and each emitted value stacked along a new axis 0.
///
/// The step is traced once, as a program of its own: tensors from outside must be passed as
/// invariants. A masked step is a `where_` on the carry.
///
/// # Errors
/// [`Error::Argument`] when the length is unknown or nothing is given, [`Error::Shape`] and
/// [`Error::DType`] when a carry changes, the first failure while tracing the step.
pub fn scan(
    over: &Loop<'_>,
    step: impl FnOnce(&Turn<'_>) -> Result<(Vec<Tensor>, Vec<Tensor>)>,
) -> Result<(Vec<Tensor>, Vec<Tensor>)> {
    let operands = [over.carries, over.sequences, over.invariants].concat();
    for operand in &operands {
        operand.clone().checked()?;
    }
    let Some(Value::Traced(first)) = operands.first().map(|tensor| &tensor.0) else {
        return Err(match operands.first() {
            None => Error::argument("scan", "operands", "at least one tensor", "none"),
            Some(_) => Error::Mixed { operation: "scan".to_owned() },
        });
    };
    let length = length(over)?;
    let tracer = Tracer::new(Arc::new([]));
    let loops = over.carries.len()..over.carries.len() + over.sequences.len();
    let inputs = operands.iter().enumerate().map(|(place, operand)| {
        let spec = operand.spec();
        let spec: Spec = if loops.contains(&place) {
            spec.with_shape(spec.shape[1..].to_vec())
        } else {
            spec.clone()
        };
        tracer.input(&format!("x{place}"), spec)
    });
    let inputs: Vec<Tensor> = inputs.collect();
    let turn = Turn {
        carries: &inputs[..loops.start],
        rows: &inputs[loops.clone()],
        invariants: &inputs[loops.end..],
    };
    let (carries, emitted) = tracer.at_path(&first.tracer.path(), || step(&turn))?;
    if carries.len() != over.carries.len() {
        let expected = format!("{} new carries", over.carries.len());
        return Err(Error::argument("scan", "step", expected, carries.len()));
    }
    for (place, value) in carries.iter().chain(&emitted).enumerate() {
        tracer.output(&format!("y{place}"), value)?;
    }
    let body = Arc::new(tracer.finish());
    let (carries, sequences) = (over.carries.len(), over.sequences.len());
    let mut values =
        Scan { body, carries, sequences, length, reverse: over.reverse }.emit(&operands)?;
    let emitted = values.split_off(carries);
    Ok((values, emitted))
}

fn length(over: &Loop<'_>) -> Result<usize> {
    let known = over.sequences.first().map(|sequence| {
        sequence.shape().first().and_then(|dim| dim.fixed_size()).ok_or_else(|| {
            let expected = "a fixed number of steps along axis 0";
            Error::shape("scan", "sequences", expected, sequence.shape())
        })
    });
    let length = known.transpose()?.or(over.length);
    length.ok_or_else(|| Error::argument("scan", "length", "a number", "nothing"))
}

#[cfg(test)]
mod tests;
