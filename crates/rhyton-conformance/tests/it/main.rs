//! Every backend against the reference interpreter.

mod activations;
mod contract;
mod documents;
mod primitives;
mod training;
