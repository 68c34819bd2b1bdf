//! The engine against the reference interpreter.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod allocator;
mod blog;
mod compare;
mod convolutions;
mod network;
mod primitives;
mod random_graphs;
mod same_bits;
mod sessions;
mod wide;
