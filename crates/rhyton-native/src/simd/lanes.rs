/// What the functions need of an instruction set. All operations are exactly those of IEEE 754
/// single precision in each lane, so every implementation gives the same bits.
pub(crate) trait Arithmetic: Sized {
    /// Floats, one for each lane.
    type F: Copy;
    /// 32-bit integers, one for each lane.
    type I: Copy;
    /// A truth value for each lane.
    type M: Copy;

    fn splat(value: f32) -> Self::F;
    fn splat_int(value: i32) -> Self::I;

    fn add(a: Self::F, b: Self::F) -> Self::F;
    fn sub(a: Self::F, b: Self::F) -> Self::F;
    fn mul(a: Self::F, b: Self::F) -> Self::F;
    fn div(a: Self::F, b: Self::F) -> Self::F;
    /// a · b + c, rounded once.
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// a if a < b, else b (so b where either is NaN).
    fn min(a: Self::F, b: Self::F) -> Self::F;
    /// a if a > b, else b (so b where either is NaN).
    fn max(a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(a: Self::F) -> Self::F;
    fn floor(a: Self::F) -> Self::F;
    fn ceil(a: Self::F) -> Self::F;
    /// To the nearest whole number, ties to even.
    fn round(a: Self::F) -> Self::F;

    fn less(a: Self::F, b: Self::F) -> Self::M;
    fn less_equal(a: Self::F, b: Self::F) -> Self::M;
    fn equal(a: Self::F, b: Self::F) -> Self::M;
    fn is_nan(a: Self::F) -> Self::M;
    fn select(mask: Self::M, a: Self::F, b: Self::F) -> Self::F;
    /// The lanes whose bits are not all zero.
    fn nonzero_bits(a: Self::F) -> Self::M;

    /// A whole number within i32's range as an integer.
    fn to_int(a: Self::F) -> Self::I;
    fn to_float(a: Self::I) -> Self::F;
    fn bits(a: Self::F) -> Self::I;
    fn from_bits(a: Self::I) -> Self::F;
    fn int_add(a: Self::I, b: Self::I) -> Self::I;
    fn int_sub(a: Self::I, b: Self::I) -> Self::I;
    fn int_and(a: Self::I, b: Self::I) -> Self::I;
    fn int_or(a: Self::I, b: Self::I) -> Self::I;
    /// Shifted left by 23 places: an integer into the exponent.
    fn into_exponent(a: Self::I) -> Self::I;
    /// Shifted right by 23 places, with the sign.
    fn from_exponent(a: Self::I) -> Self::I;
    /// Halved, rounding down.
    fn int_half(a: Self::I) -> Self::I;

    /// x · 2ⁿ for whole n from −252 to 254, rounded once: where x is so near 1 that the first of two
    /// factors is exact.
    #[inline(always)]
    fn scale(x: Self::F, n: Self::F) -> Self::F {
        scale_in_steps::<Self>(x, n)
    }

    /// 2ⁿ for n from −126 to 127.
    #[inline(always)]
    fn power_of_two(n: Self::I) -> Self::F {
        Self::from_bits(Self::into_exponent(Self::int_add(n, Self::splat_int(127))))
    }
}

/// [`Arithmetic::scale`] where no instruction does it.
#[inline(always)]
pub(crate) fn scale_in_steps<L: Arithmetic>(x: L::F, n: L::F) -> L::F {
    let n = L::to_int(n);
    let half = L::int_half(n);
    let first = L::mul(x, L::power_of_two(half));
    L::mul(first, L::power_of_two(L::int_sub(n, half)))
}

/// Vectors of a width, and their elements in memory.
pub(crate) trait Lanes: Arithmetic {
    /// How many lanes there are.
    const COUNT: usize;

    /// The first `COUNT` elements, or all of fewer with zeros behind them.
    fn load(from: &[f32]) -> Self::F;
    /// Stores to the first `COUNT` places, or to all of fewer.
    fn store(value: Self::F, to: &mut [f32]);
}

/// One lane of plain Rust: the twin that all others equal.
pub(crate) struct Portable;

impl Lanes for Portable {
    const COUNT: usize = 1;

    #[inline(always)]
    fn load(from: &[f32]) -> f32 {
        from[0]
    }
    #[inline(always)]
    fn store(value: f32, to: &mut [f32]) {
        to[0] = value;
    }
}

impl Arithmetic for Portable {
    type F = f32;
    type I = i32;
    type M = bool;

    #[inline(always)]
    fn splat(value: f32) -> f32 {
        value
    }
    #[inline(always)]
    fn splat_int(value: i32) -> i32 {
        value
    }
    #[inline(always)]
    fn add(a: f32, b: f32) -> f32 {
        a + b
    }
    #[inline(always)]
    fn sub(a: f32, b: f32) -> f32 {
        a - b
    }
    #[inline(always)]
    fn mul(a: f32, b: f32) -> f32 {
        a * b
    }
    #[inline(always)]
    fn div(a: f32, b: f32) -> f32 {
        a / b
    }
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
    #[inline(always)]
    fn min(a: f32, b: f32) -> f32 {
        if a < b { a } else { b }
    }
    #[inline(always)]
    fn max(a: f32, b: f32) -> f32 {
        if a > b { a } else { b }
    }
    #[inline(always)]
    fn sqrt(a: f32) -> f32 {
        a.sqrt()
    }
    #[inline(always)]
    fn floor(a: f32) -> f32 {
        a.floor()
    }
    #[inline(always)]
    fn ceil(a: f32) -> f32 {
        a.ceil()
    }
    #[inline(always)]
    fn round(a: f32) -> f32 {
        a.round_ties_even()
    }
    #[inline(always)]
    fn less(a: f32, b: f32) -> bool {
        a < b
    }
    #[inline(always)]
    fn less_equal(a: f32, b: f32) -> bool {
        a <= b
    }
    #[inline(always)]
    fn equal(a: f32, b: f32) -> bool {
        a == b
    }
    #[inline(always)]
    fn is_nan(a: f32) -> bool {
        a.is_nan()
    }
    #[inline(always)]
    fn select(mask: bool, a: f32, b: f32) -> f32 {
        if mask { a } else { b }
    }
    #[inline(always)]
    fn nonzero_bits(a: f32) -> bool {
        a.to_bits() != 0
    }
    #[inline(always)]
    fn to_int(a: f32) -> i32 {
        a as i32
    }
    #[inline(always)]
    fn to_float(a: i32) -> f32 {
        a as f32
    }
    #[inline(always)]
    fn bits(a: f32) -> i32 {
        a.to_bits() as i32
    }
    #[inline(always)]
    fn from_bits(a: i32) -> f32 {
        f32::from_bits(a as u32)
    }
    #[inline(always)]
    fn int_add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn int_sub(a: i32, b: i32) -> i32 {
        a.wrapping_sub(b)
    }
    #[inline(always)]
    fn int_and(a: i32, b: i32) -> i32 {
        a & b
    }
    #[inline(always)]
    fn int_or(a: i32, b: i32) -> i32 {
        a | b
    }
    #[inline(always)]
    fn into_exponent(a: i32) -> i32 {
        a << 23
    }
    #[inline(always)]
    fn from_exponent(a: i32) -> i32 {
        a >> 23
    }
    #[inline(always)]
    fn int_half(a: i32) -> i32 {
        a >> 1
    }
}
