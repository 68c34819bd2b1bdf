//! Comparing slices of numbers in tests: tolerances, lock-step error, ULP, bits.
//!
//! Slices only: no arrays, no files, nothing of the project is imported, so every crate may have it
//! among its dev-dependencies. A failed comparison panics at the caller's line.

mod close;
mod lock_step;
mod ulp;

pub use close::{Tolerance, assert_close, assert_same_bits};
pub use lock_step::lock_step_error;
pub use ulp::{max_ulp, ulp_distance_f32, ulp_distance_f64, ulp_error_f32};
