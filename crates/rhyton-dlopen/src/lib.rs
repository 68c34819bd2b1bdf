//! Finding, loading and version-probing engines (shared libraries such as TensorFlow) at run time.
//!
//! Not here: what an engine's functions mean; that is the backend's `ffi.rs`. The environment is
//! not read here either: callers pass the values they were configured with. This crate imports
//! nothing of Rhyton. Nothing is loaded before [`Search::load`] is called, and a library that was
//! loaded stays: engines keep threads and exit handlers that must not lose their code.

mod error;
mod ffi;
mod python;
mod search;
mod version;

pub use error::{Attempt, Error, Result};
pub use ffi::Engine;
pub use python::PythonPackage;
pub use search::{Candidate, Search};
pub use version::{Supported, Version};
