//! Vector arithmetic on slices of f32: one small trait over the instruction sets, the functions
//! written once over it, and run-time dispatch.
//!
//! Every path gives the same bits as the portable one: the same operations in the same order, fused
//! multiply-adds everywhere. Not here: what is computed (that is the tile interpreter's program).
#![allow(
    clippy::inline_always,
    reason = "vector code must be inlined into the function that enables its instructions"
)]
#![allow(unsafe_code, reason = "vector instructions are reached after run-time detection")]

use std::sync::OnceLock;

/// Calls `function::<L>(arguments)`, which is inlined always, with the lanes `L` of a level, inside
/// a function that may use their instructions.
macro_rules! by_level {
    ($level:expr, $function:ident($($argument:ident: $type:ty),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
        fn with_avx512($($argument: $type),*) {
            $function::<$crate::simd::Avx512>($($argument),*);
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2($($argument: $type),*) {
            $function::<$crate::simd::Avx2>($($argument),*);
        }
        match $level {
            $crate::simd::Level::Portable => {
                $function::<$crate::simd::Portable>($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` exists only where detection found the features.
            $crate::simd::Level::Avx2 => unsafe { with_avx2($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx512` exists only where detection found the features.
            $crate::simd::Level::Avx512 => unsafe { with_avx512($($argument),*) },
        }
    }};
}

pub(crate) use by_level;

mod functions;
mod lanes;
mod loops;
mod wide;
mod windows;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use lanes::{Arithmetic, Lanes, Portable, scale_in_steps};
pub(crate) use loops::{
    PARTIALS, VectorBinary, VectorCompare, VectorUnary, binary_of, compare_of, unary_of,
};
pub(crate) use windows::{Pooling, VectorPool};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// An instruction set that this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Scalar Rust.
    Portable,
    /// AVX2 with FMA: 8 lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512F with DQ: 16 lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best instruction set of this machine, found once.
    pub(crate) fn detect() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Self::available().last().copied().unwrap_or(Self::Portable))
    }

    /// The device of a session that uses this set of instructions.
    pub(crate) fn device(self) -> &'static str {
        match self {
            Self::Portable => "cpu-portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "cpu-avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "cpu-avx512",
        }
    }

    /// All instruction sets of this machine, worst first.
    pub(crate) fn available() -> Vec<Self> {
        let mut levels = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Self::Avx2);
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                    levels.push(Self::Avx512);
                }
            }
        }
        levels
    }

    /// How many floats a vector has.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Portable => Portable::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::COUNT,
        }
    }

    /// y = f(x) for each element; the slices have one length.
    pub(crate) fn unary(self, function: VectorUnary, x: &[f32], y: &mut [f32]) {
        match self {
            Self::Portable => loops::unary::<Portable>(function, x, y),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` exists only where detection found the features.
            Self::Avx2 => unsafe { x86::avx2_unary(function, x, y) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx512` exists only where detection found the features.
            Self::Avx512 => unsafe { x86::avx512_unary(function, x, y) },
        }
    }

    /// y = f(a, b) for each pair of elements; the slices have one length.
    pub(crate) fn binary(self, function: VectorBinary, a: &[f32], b: &[f32], y: &mut [f32]) {
        match self {
            Self::Portable => loops::binary::<Portable>(function, a, b, y),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` exists only where detection found the features.
            Self::Avx2 => unsafe { x86::avx2_binary(function, a, b, y) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx512` exists only where detection found the features.
            Self::Avx512 => unsafe { x86::avx512_binary(function, a, b, y) },
        }
    }

    /// y = the word 1 where the comparison holds, else the word 0, as bits of an f32.
    pub(crate) fn compare(self, comparison: VectorCompare, a: &[f32], b: &[f32], y: &mut [f32]) {
        match self {
            Self::Portable => loops::compare::<Portable>(comparison, a, b, y),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` exists only where detection found the features.
            Self::Avx2 => unsafe { x86::avx2_compare(comparison, a, b, y) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx512` exists only where detection found the features.
            Self::Avx512 => unsafe { x86::avx512_compare(comparison, a, b, y) },
        }
    }

    /// y = a where the word of `condition` is not 0, else b.
    pub(crate) fn select(self, condition: &[f32], a: &[f32], b: &[f32], y: &mut [f32]) {
        match self {
            Self::Portable => loops::select::<Portable>(condition, a, b, y),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` exists only where detection found the features.
            Self::Avx2 => unsafe { x86::avx2_select(condition, a, b, y) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx512` exists only where detection found the features.
            Self::Avx512 => unsafe { x86::avx512_select(condition, a, b, y) },
        }
    }

    /// The sum, in 16 interleaved partial sums that combine in a fixed tree.
    pub(crate) fn sum(self, x: &[f32]) -> f32 {
        match self {
            Self::Portable => loops::sum::<Portable>(x),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` exists only where detection found the features.
            Self::Avx2 => unsafe { x86::avx2_sum(x) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx512` exists only where detection found the features.
            Self::Avx512 => unsafe { x86::avx512_sum(x) },
        }
    }
}

#[cfg(test)]
mod tests;
