//! Rhyton: a Keras-class neural-network library that you extend instead of leaving.
//!
//! Write an activation in one line, register it under a name, use the name in a layer: it is
//! differentiated, fused, saved inside the model and served like a built-in. Models are read from
//! and written to Keras' own `.keras` files, and a configuration file chooses the engine.

extern crate self as rhyton;

pub mod activations;
mod arrays;
pub mod backends;
#[cfg(feature = "training")]
pub mod callbacks;
pub mod configuration;
pub mod constraints;
#[cfg(feature = "training")]
mod crc32c;
pub mod description;
mod engine;
mod error;
#[cfg(all(test, feature = "training"))]
mod golden;
pub mod initializers;
pub mod layer;
pub mod layers;
#[cfg(feature = "training")]
pub mod losses;
#[cfg(feature = "training")]
pub mod metrics;
pub mod models;
mod notices;
pub mod objects;
#[cfg(feature = "training")]
pub mod optimizers;
pub mod pattern;
mod prediction;
mod profiling;
mod registry;
pub mod regularizers;
pub mod saving;
#[cfg(feature = "training")]
pub mod testing;
#[cfg(feature = "training")]
pub mod training;
mod training_inputs;

pub use activations::{Activation, custom_object_scope, trainable};
pub use arrays::Arrays;
#[cfg(feature = "training")]
pub use callbacks::{
    BackupAndRestore, CSVLogger, Callback, EarlyStopping, LambdaCallback, LearningRateScheduler,
    ModelCheckpoint, ReduceLROnPlateau, SwapEMAWeights, TensorBoard, TerminateOnNaN,
};
pub use error::{Error, Result};
pub use layer::{Apply, DTypePolicy, Layer, dtype_policy, set_dtype_policy};
pub use layers::*;
pub use models::{Model, ModelLayer, Sequential, SummaryOptions, input};
pub use notices::silence_notices;
#[cfg(feature = "training")]
pub use optimizers::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, Muon,
    Nadam, RMSprop, SGD,
};
pub use prediction::Predict;
pub use profiling::Profile;
pub use registry::{ActivationFunction, Registry, custom_objects, get_custom_objects};
pub use rhyton_data as data;
pub use rhyton_data::{Augmentation, Column};
pub use rhyton_graph as ops;
pub use rhyton_graph::{Tensor, eval};
pub use rhyton_macros::Setters;
pub use rhyton_tensor::{Array, DType};
pub use saving::LoadOptions;
#[cfg(feature = "training")]
pub use training::{Compile, Evaluate, Fit, Gradients, History, Logs, OnBatch, Verbose};
