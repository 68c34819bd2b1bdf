//! TensorFlow as a backend, through its C API. The library is found and loaded when the backend is
//! first used, never before: building and running Rhyton needs no TensorFlow.
//!
//! A session is one TensorFlow graph and session. Variables are resource variables in it; every
//! program adds its nodes (`lower.rs`, one file for each family of primitives in `lower/`) and runs
//! by one call. May import: `rhyton-graph`, `rhyton-tensor`, `rhyton-dlopen`.
//!
//! TensorFlow reads its own environment when it is loaded. `TF_CPP_MIN_LOG_LEVEL` (how much it
//! prints) must be set by `main` before any thread starts; this crate neither sets nor reads it.

mod backend;
mod config;
mod dtype;
mod error;
mod ffi;
#[cfg(test)]
mod installed;
mod lower;
mod program;
mod session;
mod state;

pub use backend::{Settings, TensorFlowBackend};
