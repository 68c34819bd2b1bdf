//! Host arrays: element types, shapes, storage, views as numbers, and the Philox generator.
//!
//! Not here: arithmetic (that is a graph), files, devices. Everything else may import this crate;
//! it imports nothing of Rhyton.

mod array;
mod dtype;
mod element;
mod error;
mod philox;

pub use array::{Array, volume};
pub use dtype::{DType, result_type};
pub use element::Element;
pub use error::Error;
pub use half::{bf16, f16};
pub use philox::{Key, philox4x32, standard_normal, uniform_f32};

/// The result of an operation on host arrays.
pub type Result<T, E = Error> = std::result::Result<T, E>;
