//! Files that real Keras wrote: read right, written back the same, and harmless when damaged.

#![allow(clippy::unwrap_used, reason = "a test's failure is its message")]

mod goldens;
mod h5;
mod mutations;
