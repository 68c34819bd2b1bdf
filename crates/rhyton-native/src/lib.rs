//! The CPU engine: plan, fusion, arena, kernels, threads.
