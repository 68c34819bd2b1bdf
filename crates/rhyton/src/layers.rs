//! The layers, one file each. To add one: a file with its `SPEC`, its `mod` line and its line in
//! [`LAYERS`]; reader, writer, support tables and tests follow from the list.

use crate::layer::Layer;
use crate::objects::ObjectList;

mod activation;
mod batch_normalization;
mod dense;
mod dropout;
mod flatten;
mod identity;

pub use activation::ActivationLayer;
pub use batch_normalization::BatchNormalization;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use identity::Identity;

/// Every layer that configurations can name.
pub static LAYERS: ObjectList<dyn Layer> = ObjectList {
    kind: "layer",
    specs: &[
        &activation::SPEC,
        &batch_normalization::SPEC,
        &dense::SPEC,
        &dropout::SPEC,
        &flatten::SPEC,
        &identity::SPEC,
    ],
};
