//! What a layer is: a value that declares weights and says how inputs become outputs. Weights live
//! in the model under the layer's path, never in the layer.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rhyton_graph::{Spec, Tensor};
use serde_json::{Map, Value};

use crate::objects::ObjectSpec;
use crate::{Error, Result};

mod call;
mod scope;
mod weights;

#[cfg(feature = "training")]
pub(crate) use call::Randomness;
pub use call::{Call, Outputs};
pub use scope::{Scope, WeightOptions};
pub use weights::{Weight, Weights};

/// One kind of layer in the list of all.
pub type LayerSpec = ObjectSpec<dyn Layer>;

/// A layer: configuration, no state. The fields of an implementing struct are Keras' keys.
pub trait Layer: HasCommon + LayerValue + Debug + Send + Sync + Any {
    /// The entry in the list of layers: class name, module, reader.
    fn spec(&self) -> &'static LayerSpec;

    /// The keys that differ from their defaults, without those every layer has.
    fn config(&self) -> Map<String, Value>;

    /// Declares weights and sub-layers for inputs of these shapes.
    ///
    /// # Errors
    /// [`Error::Config`] when the inputs don't fit.
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()>;

    /// Inputs to outputs, as tensors of the program being traced.
    ///
    /// # Errors
    /// What the operations refuse; output shapes come from tracing.
    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs>;

    /// The activation at the layer's end, if it has one: `compare` exchanges it, and losses on
    /// probabilities are computed from what enters it.
    fn activation(&self) -> Option<&crate::Activation> {
        None
    }

    /// The layer's name, or its class's in snake case.
    fn label(&self) -> String {
        let common = self.common();
        common.name.clone().unwrap_or_else(|| rhyton_formats::snake_case(self.spec().class_name))
    }

    /// The same layer with another activation at its end; itself if it has none.
    fn with_activation(&self, _activation: crate::Activation) -> Arc<dyn Layer> {
        self.to_arc()
    }
}

/// What every layer has beside its own keys.
#[derive(Debug, Clone)]
pub struct Common {
    /// The name, unique within a model; `None` until the model gives one.
    pub name: Option<String>,
    /// Whether training changes the weights.
    pub trainable: bool,
    identity: Identity,
}

impl Default for Common {
    fn default() -> Self {
        Self { name: None, trainable: true, identity: Identity::default() }
    }
}

impl Common {
    /// The number that two uses of one layer share, and a clone does not.
    pub fn identity(&self) -> u64 {
        self.identity.0
    }
}

/// Tells layers apart: calling one layer twice shares its weights, calling a clone does not.
#[derive(Debug)]
struct Identity(u64);

impl Default for Identity {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Access to what every layer has; derived with the setters.
pub trait HasCommon {
    /// Name, trainable, identity.
    fn common(&self) -> &Common;
    /// The same, to change.
    fn common_mut(&mut self) -> &mut Common;
}

/// A layer behind a pointer, copied and renamed; every `Clone` layer has it.
pub trait LayerValue {
    /// A copy of the layer behind a pointer.
    fn to_arc(&self) -> Arc<dyn Layer>;
    /// A copy under a name, trainable or not.
    fn renamed(&self, name: &str, trainable: bool) -> Arc<dyn Layer>;
}

impl<T: Layer + Clone> LayerValue for T {
    fn to_arc(&self) -> Arc<dyn Layer> {
        Arc::new(self.clone())
    }

    fn renamed(&self, name: &str, trainable: bool) -> Arc<dyn Layer> {
        let mut copy = self.clone();
        copy.common_mut().name = Some(name.to_owned());
        copy.common_mut().trainable = trainable;
        Arc::new(copy)
    }
}

/// A layer's call in a model under construction.
pub(crate) struct LayerCall {
    pub(crate) layer: Arc<dyn Layer>,
    pub(crate) identity: u64,
    pub(crate) arguments: Vec<(String, usize)>,
    pub(crate) positional: usize,
}

/// Puts layers into models; every layer has it.
pub trait Apply {
    /// Puts the layer after `inputs` in a model; calling one layer twice shares its weights.
    ///
    /// A failure (wrong shapes, an unknown activation) travels in the result and surfaces when the
    /// model is made.
    fn apply(&self, inputs: &[&Tensor]) -> Tensor {
        self.apply_with(inputs, &[])
    }

    /// As `apply`, with named call arguments such as an attention mask.
    fn apply_with(&self, inputs: &[&Tensor], arguments: &[(&str, &Tensor)]) -> Tensor;
}

impl<T: Layer + ?Sized> Apply for T {
    fn apply_with(&self, inputs: &[&Tensor], arguments: &[(&str, &Tensor)]) -> Tensor {
        let call = (self.to_arc(), self.common().identity());
        record(call, inputs, arguments).unwrap_or_else(|error| Tensor::failed(failure(&error)))
    }
}

fn record(
    (layer, identity): (Arc<dyn Layer>, u64),
    inputs: &[&Tensor],
    arguments: &[(&str, &Tensor)],
) -> Result<Tensor> {
    let named = arguments.iter().map(|(_, tensor)| *tensor);
    let all: Vec<Tensor> = inputs.iter().copied().chain(named).cloned().collect();
    for tensor in &all {
        tensor.clone().checked()?;
    }
    let specs: Vec<Spec> = all.iter().map(|tensor| tensor.spec().clone()).collect();
    let names: Vec<String> = arguments.iter().map(|(name, _)| (*name).to_owned()).collect();
    let outputs = output_specs(&*layer, &specs, &names)?;
    let arguments = names.into_iter().zip(inputs.len()..).collect();
    let call = LayerCall { layer, identity, arguments, positional: inputs.len() };
    let action = rhyton_graph::Action::Layer(Arc::new(call));
    Ok(rhyton_graph::Step::record(action, all, outputs).remove(0))
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
    let mut scope = Scope::root(&mut weights, &name, layer.common().trainable);
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
    Ok(outputs.into_iter().map(|tensor| tensor.spec().clone()).collect())
}

/// A library failure as one that a tensor can carry.
fn failure(error: &Error) -> rhyton_graph::Error {
    match error {
        Error::Graph(error) => error.clone(),
        other => rhyton_graph::Error::Message { message: other.to_string() },
    }
}

/// The specification of a float32 batch of samples of this shape.
pub(crate) fn batch_of(shape: &[usize]) -> Spec {
    Spec::new(rhyton_tensor::DType::F32, rhyton_graph::Shape::batched(shape))
}
