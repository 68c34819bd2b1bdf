//! The CPU engine: a graph becomes a plan (`plan`), the plan gets its numbers for one batch size
//! (`bound`), and its steps run on planned memory (`arena`, `kernels`) by several threads
//! (`threads`), in vector instructions written once over one trait (`simd`, `gemm`).
//!
//! Not here: layers, files, passes over graphs. May import: `rhyton-graph`, `rhyton-tensor`. A
//! primitive without a kernel here runs its reference evaluation; to give it one, add a variant to
//! `plan::Kernel`, its numbers to `bound::BoundStep`, its code under `kernels/`.

mod arena;
mod backend;
mod bound;
mod gemm;
mod kernels;
mod machine;
mod plan;
mod simd;
mod threads;

pub use backend::NativeBackend;
