use std::sync::Arc;

use rhyton_graph::{Backend, Graph, Result, RunOptions};
use rhyton_tensor::Array;

/// The batch sizes that one executable serves, in this order: it grows, shrinks and grows.
pub const BATCHES: [usize; 4] = [7, 1, 128, 7];

/// What a program returns at [`BATCHES`], from one executable: the outputs of all runs in a row.
///
/// # Errors
/// What the backend refuses or fails with.
pub fn run_batches(
    backend: &dyn Backend,
    graph: &Graph,
    threads: usize,
    inputs: impl Fn(usize) -> Vec<Array>,
) -> Result<Vec<Array>> {
    let session = backend.session(None, Arc::clone(&graph.variables))?;
    let program = session.compile(graph)?;
    let (mut outputs, mut all) = (Vec::new(), Vec::new());
    for batch in BATCHES {
        let arrays = inputs(batch);
        let options = RunOptions { threads, cancel: None };
        program.run(&arrays.iter().collect::<Vec<_>>(), &mut outputs, &options)?;
        all.extend(outputs.iter().cloned());
    }
    Ok(all)
}

/// What two arrays differ in, if it is more than `tolerance` relative to the larger of 1 and the
/// expected element; integers and bools may not differ at all.
pub fn difference(actual: &Array, expected: &Array, tolerance: f64) -> Option<String> {
    if actual.dtype() != expected.dtype() || actual.shape() != expected.shape() {
        return Some(format!("{actual:?} where {expected:?} is expected"));
    }
    let tolerance = if expected.dtype().is_float() { tolerance } else { 0.0 };
    let pairs = actual.to_f64().into_iter().zip(expected.to_f64()).enumerate();
    let wrong = pairs.into_iter().find(|(_, (a, e))| {
        let equal = a == e || (a.is_nan() && e.is_nan());
        let error = (a - e).abs();
        !equal && (error.is_nan() || error > tolerance * e.abs().max(1.0))
    });
    wrong.map(|(place, (a, e))| format!("element {place} is {a:e} where {e:e} is expected"))
}
