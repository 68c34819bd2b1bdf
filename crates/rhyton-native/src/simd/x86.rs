#![allow(clippy::wildcard_imports, reason = "nearly every intrinsic of two instruction sets")]

use std::arch::x86_64::*;

use super::lanes::{Arithmetic, Lanes};
use super::loops::{self, VectorBinary, VectorCompare, VectorUnary};

macro_rules! paths {
    ($($lanes:ty, $features:literal, $unary:ident $binary:ident $compare:ident $select:ident $sum:ident;)*) => {$(
        #[target_feature(enable = $features)]
        pub(super) fn $unary(function: VectorUnary, x: &[f32], y: &mut [f32]) {
            loops::unary::<$lanes>(function, x, y);
        }

        #[target_feature(enable = $features)]
        pub(super) fn $binary(function: VectorBinary, a: &[f32], b: &[f32], y: &mut [f32]) {
            loops::binary::<$lanes>(function, a, b, y);
        }

        #[target_feature(enable = $features)]
        pub(super) fn $compare(comparison: VectorCompare, a: &[f32], b: &[f32], y: &mut [f32]) {
            loops::compare::<$lanes>(comparison, a, b, y);
        }

        #[target_feature(enable = $features)]
        pub(super) fn $select(condition: &[f32], a: &[f32], b: &[f32], y: &mut [f32]) {
            loops::select::<$lanes>(condition, a, b, y);
        }

        #[target_feature(enable = $features)]
        pub(super) fn $sum(x: &[f32]) -> f32 {
            loops::sum::<$lanes>(x)
        }
    )*};
}

paths! {
    Avx2, "avx2,fma", avx2_unary avx2_binary avx2_compare avx2_select avx2_sum;
    Avx512, "avx512f,avx512dq,avx2,fma", avx512_unary avx512_binary avx512_compare avx512_select avx512_sum;
}

/// The mask of the first lanes.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    ((1_u32 << count) - 1) as __mmask16
}

/// 16 lanes of AVX-512.
pub(crate) struct Avx512;

impl Lanes for Avx512 {
    const COUNT: usize = 16;

    #[inline(always)]
    fn load(from: &[f32]) -> __m512 {
        if from.len() >= 16 {
            // SAFETY: 16 elements are there.
            return unsafe { _mm512_loadu_ps(from.as_ptr()) };
        }
        // SAFETY: the mask covers only elements that are there.
        unsafe { _mm512_maskz_loadu_ps(first(from.len()), from.as_ptr()) }
    }
    #[inline(always)]
    fn store(value: __m512, to: &mut [f32]) {
        if to.len() >= 16 {
            // SAFETY: 16 places are there.
            return unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) };
        }
        // SAFETY: the mask covers only places that are there.
        unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), first(to.len()), value) }
    }
}

impl Arithmetic for Avx512 {
    type F = __m512;
    type I = __m512i;
    type M = __mmask16;

    #[inline(always)]
    fn splat(value: f32) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    fn splat_int(value: i32) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_set1_epi32(value) }
    }
    #[inline(always)]
    fn add(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn min(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    fn max(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(a: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_sqrt_ps(a) }
    }
    #[inline(always)]
    fn floor(a: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn ceil(a: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn round(a: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn less(a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn less_equal(a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b) }
    }
    #[inline(always)]
    fn equal(a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
    }
    #[inline(always)]
    fn is_nan(a: __m512) -> __mmask16 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a) }
    }
    #[inline(always)]
    fn select(mask: __mmask16, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_mask_blend_ps(mask, b, a) }
    }
    #[inline(always)]
    fn nonzero_bits(a: __m512) -> __mmask16 {
        let bits = Self::bits(a);
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_test_epi32_mask(bits, bits) }
    }
    #[inline(always)]
    fn to_int(a: __m512) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_cvtps_epi32(a) }
    }
    #[inline(always)]
    fn to_float(a: __m512i) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_cvtepi32_ps(a) }
    }
    #[inline(always)]
    fn bits(a: __m512) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_castps_si512(a) }
    }
    #[inline(always)]
    fn from_bits(a: __m512i) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_castsi512_ps(a) }
    }
    #[inline(always)]
    fn int_add(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_add_epi32(a, b) }
    }
    #[inline(always)]
    fn int_sub(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_sub_epi32(a, b) }
    }
    #[inline(always)]
    fn int_and(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_and_si512(a, b) }
    }
    #[inline(always)]
    fn int_or(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_or_si512(a, b) }
    }
    #[inline(always)]
    fn into_exponent(a: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_slli_epi32::<23>(a) }
    }
    #[inline(always)]
    fn from_exponent(a: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_srai_epi32::<23>(a) }
    }
    #[inline(always)]
    fn int_half(a: __m512i) -> __m512i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_srai_epi32::<1>(a) }
    }
    #[inline(always)]
    fn scale(x: __m512, n: __m512) -> __m512 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm512_scalef_ps(x, n) }
    }
}

/// 8 lanes of AVX2 with FMA.
pub(crate) struct Avx2;

impl Lanes for Avx2 {
    const COUNT: usize = 8;

    #[inline(always)]
    fn load(from: &[f32]) -> __m256 {
        if from.len() >= 8 {
            // SAFETY: 8 elements are there.
            return unsafe { _mm256_loadu_ps(from.as_ptr()) };
        }
        let mut part = [0.0_f32; 8];
        part[..from.len()].copy_from_slice(from);
        // SAFETY: 8 elements are there.
        unsafe { _mm256_loadu_ps(part.as_ptr()) }
    }
    #[inline(always)]
    fn store(value: __m256, to: &mut [f32]) {
        if to.len() >= 8 {
            // SAFETY: 8 places are there.
            return unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) };
        }
        let mut part = [0.0_f32; 8];
        // SAFETY: 8 places are there.
        unsafe { _mm256_storeu_ps(part.as_mut_ptr(), value) };
        to.copy_from_slice(&part[..to.len()]);
    }
}

impl Arithmetic for Avx2 {
    type F = __m256;
    type I = __m256i;
    type M = __m256;

    #[inline(always)]
    fn splat(value: f32) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    fn splat_int(value: i32) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_set1_epi32(value) }
    }
    #[inline(always)]
    fn add(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_div_ps(a, b) }
    }
    #[inline(always)]
    fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn min(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_min_ps(a, b) }
    }
    #[inline(always)]
    fn max(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(a: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_sqrt_ps(a) }
    }
    #[inline(always)]
    fn floor(a: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn ceil(a: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn round(a: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn less(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn less_equal(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_cmp_ps::<_CMP_LE_OQ>(a, b) }
    }
    #[inline(always)]
    fn equal(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b) }
    }
    #[inline(always)]
    fn is_nan(a: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a) }
    }
    #[inline(always)]
    fn select(mask: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_blendv_ps(b, a, mask) }
    }
    #[inline(always)]
    fn nonzero_bits(a: __m256) -> __m256 {
        let (bits, zero) = (Self::bits(a), Self::splat_int(0));
        // SAFETY: the features were detected before this path was taken.
        let zeros = unsafe { _mm256_cmpeq_epi32(bits, zero) };
        let ones = Self::splat_int(-1);
        // SAFETY: the features were detected before this path was taken.
        Self::from_bits(unsafe { _mm256_andnot_si256(zeros, ones) })
    }
    #[inline(always)]
    fn to_int(a: __m256) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_cvtps_epi32(a) }
    }
    #[inline(always)]
    fn to_float(a: __m256i) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_cvtepi32_ps(a) }
    }
    #[inline(always)]
    fn bits(a: __m256) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_castps_si256(a) }
    }
    #[inline(always)]
    fn from_bits(a: __m256i) -> __m256 {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_castsi256_ps(a) }
    }
    #[inline(always)]
    fn int_add(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_add_epi32(a, b) }
    }
    #[inline(always)]
    fn int_sub(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_sub_epi32(a, b) }
    }
    #[inline(always)]
    fn int_and(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_and_si256(a, b) }
    }
    #[inline(always)]
    fn int_or(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_or_si256(a, b) }
    }
    #[inline(always)]
    fn into_exponent(a: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_slli_epi32::<23>(a) }
    }
    #[inline(always)]
    fn from_exponent(a: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_srai_epi32::<23>(a) }
    }
    #[inline(always)]
    fn int_half(a: __m256i) -> __m256i {
        // SAFETY: the features were detected before this path was taken.
        unsafe { _mm256_srai_epi32::<1>(a) }
    }
}
