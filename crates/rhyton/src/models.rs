//! Models: a network of layers and operations, its weights, and what can be done with both.

mod freezing;
mod functional;
mod model;
mod model_layer;
mod network;
mod parts;
mod sequential;
mod summary;

pub use functional::input;
pub(crate) use functional::{chain, collect};
pub use model::Model;
pub use model_layer::ModelLayer;
pub(crate) use model_layer::{CALLS_MAX, model_spec};
pub(crate) use network::{Kind, Network, NetworkStep, Slot, StepAction};
pub use sequential::Sequential;
pub use summary::SummaryOptions;
