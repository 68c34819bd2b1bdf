//! The engine against the reference interpreter.

mod allocator;
mod blog;
mod compare;
mod network;
mod primitives;
mod random_graphs;
mod sessions;
