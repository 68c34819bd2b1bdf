//! Data as it comes against inputs as the model declares them: programs take the data's own
//! element type and cast inside.

use rhyton_graph::{Spec, Tensor, Tracer, cast};

use crate::Result;
use crate::models::Network;

/// The model's inputs as tensors of a program that takes data of these specifications.
pub(crate) fn trace(tracer: &Tracer, network: &Network, data: &[Spec]) -> Result<Vec<Tensor>> {
    let declared = network.input_specs();
    declared
        .iter()
        .zip(data)
        .map(|((name, spec), data)| {
            let raw = tracer.input(name, spec.with_dtype(data.dtype));
            Ok(cast(&raw, spec.dtype).checked()?)
        })
        .collect()
}
