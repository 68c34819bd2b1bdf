//! Every backend against the reference interpreter.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test that called it")]

mod activations;
mod contract;
mod documents;
mod own_activations;
mod primitives;
mod training;
