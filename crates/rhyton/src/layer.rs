//! What a layer is: a value that declares weights and says how inputs become outputs. Weights live
//! in the model under the layer's path, never in the layer.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rhyton_graph::{Spec, Tensor};

use crate::Result;
use crate::objects::{Configured, Kind, ObjectSpec};
use crate::regularizers::AnyRegularizer;

mod apply;
mod call;
mod policy;
mod scope;
mod weights;

pub use apply::Apply;
pub(crate) use apply::{CallOptions, LayerCall, first, output_specs, record};
#[cfg(feature = "training")]
pub(crate) use call::Randomness;
pub use call::{Call, Outputs};
pub use policy::{DTypePolicy, dtype_policy, set_dtype_policy};
pub use scope::{Scope, WeightOptions};
#[cfg(test)]
pub(crate) use weights::DRAWN;
#[cfg(feature = "training")]
pub(crate) use weights::key as random_key;
pub use weights::{Weight, Weights};

/// One kind of layer in the list of all.
pub type LayerSpec = ObjectSpec<dyn Layer>;

/// The kind of layers.
#[derive(Debug)]
pub enum LayerKind {}

impl Kind for LayerKind {
    type Object = dyn Layer;
}

/// A layer: configuration, no state. The fields of an implementing struct are Keras' keys.
///
/// ```
/// use std::sync::Arc;
///
/// use rhyton::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
/// use rhyton::objects::{Config, Configured, changed_config, from_config};
/// use rhyton::ops::{Spec, Tensor};
/// use rhyton::{Result, Sequential, Setters, custom_objects};
/// use serde::{Deserialize, Serialize};
///
/// /// Each place of the last axis by a factor of its own.
/// #[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
/// #[serde(default)]
/// struct Scale {
///     #[serde(skip)]
///     common: Common,
/// }
///
/// static SCALE: LayerSpec = LayerSpec {
///     class_name: "Scale",
///     module: "my_layers",
///     aliases: &[],
///     from_config: |config| Ok(Arc::new(from_config::<Scale>("Scale", config, &[])?)),
///     cases: &["{}"],
/// };
///
/// impl Configured<LayerKind> for Scale {
///     fn spec(&self) -> &'static LayerSpec {
///         &SCALE
///     }
///
///     fn config(&self) -> Config {
///         changed_config(self, &[])
///     }
/// }
///
/// impl Layer for Scale {
///     fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
///         let size = inputs[0].shape[inputs[0].shape.rank() - 1].fixed_size().unwrap_or(1);
///         scope.weight("scale", &[size], "ones")
///     }
///
///     fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
///         Ok((&inputs[0] * cx.weight("scale")?).into())
///     }
/// }
///
/// custom_objects().layer(&SCALE)?;
/// let model = Sequential::new().input(&[3]).add(Scale::default().name("each")).build()?;
/// assert_eq!(model.weights().iter().count(), 1);
/// # Ok::<(), rhyton::Error>(())
/// ```
pub trait Layer:
    Configured<LayerKind> + HasCommon + LayerValue + Debug + Send + Sync + Any
{
    /// Declares weights and sub-layers for inputs of these shapes.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) when the inputs don't fit.
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()>;

    /// Inputs to outputs, as tensors of the program being traced.
    ///
    /// # Errors
    /// What the operations refuse; output shapes come from tracing.
    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs>;

    /// Whether the mask of the first input goes on with the output where `call` sets no other;
    /// default false.
    fn supports_masking(&self) -> bool {
        false
    }

    /// Whether files give the inputs as one list, even a single one; default false.
    fn takes_list(&self) -> bool {
        false
    }

    /// The activation at the layer's end, if it has one: `compare` exchanges it, and losses on
    /// probabilities are computed from what enters it.
    fn activation(&self) -> Option<&crate::Activation> {
        None
    }

    /// What the layer's outputs add to the loss, divided by the number of samples in the batch.
    fn activity_regularizer(&self) -> Option<&AnyRegularizer> {
        None
    }

    /// Whether the weights come from data that were looked at, not from training: a model with fresh
    /// weights keeps them. Default false.
    fn keeps_weights(&self) -> bool {
        false
    }

    /// What is cast to the policy's type when the layer is called; default all.
    fn autocast(&self) -> Autocast {
        Autocast::All
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

/// What is cast to the compute type of a layer's policy around its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autocast {
    /// Floating-point inputs, weights and outputs.
    All,
    /// Outputs alone: the layer computes in its weights' precision, as normalizations do.
    Outputs,
    /// Nothing: what is inside has policies of its own.
    Nothing,
}

/// What every layer has beside its own keys.
#[derive(Debug, Clone)]
pub struct Common {
    /// The name, unique within a model; `None` until the model gives one.
    pub name: Option<String>,
    /// Whether training changes the weights.
    pub trainable: bool,
    /// In which element types it computes and keeps weights; default [`dtype_policy`].
    pub dtype: DTypePolicy,
    identity: Identity,
}

impl Default for Common {
    fn default() -> Self {
        Self { name: None, trainable: true, dtype: dtype_policy(), identity: Identity::default() }
    }
}

impl Common {
    /// The number that two uses of one layer share, and a clone does not.
    pub fn identity(&self) -> u64 {
        self.identity.0
    }

    /// The same identity under a name.
    pub(crate) fn shared(&self, name: Option<String>) -> Self {
        let dtype = self.dtype.clone();
        Self { name, trainable: self.trainable, dtype, identity: Identity(self.identity.0) }
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
    /// A copy with something of what every layer has changed.
    fn changed(&self, change: &dyn Fn(&mut Common)) -> Arc<dyn Layer>;
    /// A copy under a name, trainable or not.
    fn renamed(&self, name: &str, trainable: bool) -> Arc<dyn Layer> {
        self.changed(&|common| {
            common.name = Some(name.to_owned());
            common.trainable = trainable;
        })
    }
}

impl<T: Layer + Clone> LayerValue for T {
    fn to_arc(&self) -> Arc<dyn Layer> {
        Arc::new(self.clone())
    }

    fn changed(&self, change: &dyn Fn(&mut Common)) -> Arc<dyn Layer> {
        let mut copy = self.clone();
        change(copy.common_mut());
        Arc::new(copy)
    }
}

/// The specification of a float32 batch of samples of this shape.
pub(crate) fn batch_of(shape: &[usize]) -> Spec {
    Spec::new(rhyton_tensor::DType::F32, rhyton_graph::Shape::batched(shape))
}
