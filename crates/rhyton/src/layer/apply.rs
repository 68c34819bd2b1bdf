use std::sync::Arc;

use rhyton_graph::{Spec, Tensor};

use super::{Call, Layer, Scope, Weights};
use crate::{Error, Result};

/// A layer's call in a model under construction.
pub(crate) struct LayerCall {
    pub(crate) layer: Arc<dyn Layer>,
    pub(crate) identity: u64,
    pub(crate) arguments: Vec<(String, usize)>,
    pub(crate) positional: usize,
    /// The constant that a file gives as `training`. Keras writes one at most calls and lets the
    /// model's own mode win in `fit`, `evaluate` and `predict`, so it is kept and decides nothing.
    pub(crate) training: Option<bool>,
}

/// How a layer is called, beside its inputs.
#[derive(Clone, Copy, Default)]
pub(crate) struct CallOptions<'a> {
    pub(crate) arguments: &'a [(&'a str, &'a Tensor)],
    pub(crate) training: Option<bool>,
}

/// Puts layers into models; every layer has it.
pub trait Apply {
    /// Puts the layer after `inputs` in a model; calling one layer twice shares its weights.
    ///
    /// Of several outputs it gives the first. A failure (wrong shapes, an unknown activation)
    /// travels in the result and surfaces when the model is made.
    fn apply(&self, inputs: &[&Tensor]) -> Tensor {
        self.apply_with(inputs, &[])
    }

    /// As `apply`, with named call arguments such as an attention mask.
    fn apply_with(&self, inputs: &[&Tensor], arguments: &[(&str, &Tensor)]) -> Tensor;

    /// As `apply_with`, for layers with several outputs.
    ///
    /// # Errors
    /// What the layer refuses, or a failure that an input carries.
    fn apply_many(&self, inputs: &[&Tensor], arguments: &[(&str, &Tensor)]) -> Result<Vec<Tensor>>;
}

impl<T: Layer + ?Sized> Apply for T {
    fn apply_with(&self, inputs: &[&Tensor], arguments: &[(&str, &Tensor)]) -> Tensor {
        first(self.apply_many(inputs, arguments))
    }

    fn apply_many(&self, inputs: &[&Tensor], arguments: &[(&str, &Tensor)]) -> Result<Vec<Tensor>> {
        record(
            self.to_arc(),
            self.common().identity(),
            inputs,
            CallOptions { arguments, ..CallOptions::default() },
        )
    }
}

/// The first of a call's results, or its failure as a tensor.
pub(crate) fn first(results: Result<Vec<Tensor>>) -> Tensor {
    match results {
        Ok(mut tensors) => tensors.swap_remove(0),
        Err(error) => Tensor::failed(failure(&error)),
    }
}

/// Records the call of a layer; calls of one identity share their weights.
pub(crate) fn record(
    layer: Arc<dyn Layer>,
    identity: u64,
    inputs: &[&Tensor],
    options: CallOptions<'_>,
) -> Result<Vec<Tensor>> {
    let named = options.arguments.iter().map(|(_, tensor)| *tensor);
    let all: Vec<Tensor> = inputs.iter().copied().chain(named).cloned().collect();
    for tensor in &all {
        tensor.clone().checked()?;
    }
    let specs: Vec<Spec> = all.iter().map(|tensor| tensor.spec().clone()).collect();
    let names: Vec<String> = options.arguments.iter().map(|(name, _)| (*name).to_owned()).collect();
    let outputs = output_specs(&*layer, &specs, &names)?;
    if outputs.is_empty() {
        return Err(Error::config(layer.label(), "outputs", "at least one", "none"));
    }
    let arguments = names.into_iter().zip(inputs.len()..).collect();
    let (positional, training) = (inputs.len(), options.training);
    let call = LayerCall { layer, identity, arguments, positional, training };
    Ok(rhyton_graph::Step::record(rhyton_graph::Action::Layer(Arc::new(call)), all, outputs))
}

/// The shapes of a layer's outputs, by building and tracing it alone.
pub(crate) fn output_specs(
    layer: &dyn Layer,
    inputs: &[Spec],
    arguments: &[String],
) -> Result<Vec<Spec>> {
    let mut weights = Weights::default();
    let name = layer.label();
    let positional = inputs.len() - arguments.len();
    layer.common().dtype.check(&name)?;
    let mut scope = Scope::root(&mut weights, &name, layer.common());
    layer.build(&mut scope, &inputs[..positional]).map_err(|error| error.within(name.clone()))?;
    let tracer = weights.tracer();
    let tensors: Vec<Tensor> = inputs
        .iter()
        .enumerate()
        .map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone()))
        .collect();
    let mut cx = Call::new(&tracer, &weights, false);
    cx.set_arguments(arguments.iter().cloned().zip(tensors[positional..].to_vec()).collect());
    let outputs = cx.run(&name, layer, &tensors[..positional])?;
    let asked = cx.asked();
    if let Some(unknown) = arguments.iter().find(|argument| !asked.contains(*argument)) {
        let known: Vec<&str> = asked.iter().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let class = layer.spec().class_name;
        let expected = format!("call arguments that {class} reads ({known})");
        return Err(Error::config(name, "call", expected, format!("`{unknown}`")));
    }
    Ok(outputs.into_iter().map(|tensor| tensor.spec().clone()).collect())
}

/// A library failure as one that a tensor can carry.
fn failure(error: &Error) -> rhyton_graph::Error {
    match error {
        Error::Graph(error) => error.clone(),
        other => rhyton_graph::Error::Message { message: other.to_string() },
    }
}
