//! The CPU engine: plans, fused kernels, arena, threads.

mod arena;
mod backend;
mod bound;
mod gemm;
mod kernels;
mod plan;
mod simd;
mod threads;

pub use backend::NativeBackend;
