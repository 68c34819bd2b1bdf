use super::lanes::Arithmetic;

/// log2 e.
const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 as a float, and what is missing from it.
const LN_2_HIGH: f32 = std::f32::consts::LN_2;
const LN_2_LOW: f32 = -1.904_654_3e-9;

#[inline(always)]
pub(super) fn negative<L: Arithmetic>(x: L::F) -> L::F {
    L::from_bits(L::int_add(L::bits(x), L::splat_int(i32::MIN)))
}

#[inline(always)]
pub(super) fn absolute<L: Arithmetic>(x: L::F) -> L::F {
    L::from_bits(L::int_and(L::bits(x), L::splat_int(i32::MAX)))
}

/// The magnitude of the first with the sign bit of the second.
#[inline(always)]
fn with_sign<L: Arithmetic>(magnitude: L::F, sign: L::F) -> L::F {
    let sign = L::int_and(L::bits(sign), L::splat_int(i32::MIN));
    L::from_bits(L::int_or(L::bits(absolute::<L>(magnitude)), sign))
}

#[inline(always)]
pub(super) fn sign<L: Arithmetic>(x: L::F) -> L::F {
    let unit = with_sign::<L>(L::splat(1.0), x);
    let unit = L::select(L::equal(x, L::splat(0.0)), x, unit);
    L::select(L::is_nan(x), x, unit)
}

/// The larger; NaN if either is.
#[inline(always)]
pub(super) fn maximum<L: Arithmetic>(a: L::F, b: L::F) -> L::F {
    L::select(L::is_nan(a), a, L::max(a, b))
}

/// The smaller; NaN if either is.
#[inline(always)]
pub(super) fn minimum<L: Arithmetic>(a: L::F, b: L::F) -> L::F {
    L::select(L::is_nan(a), a, L::min(a, b))
}

/// A polynomial by Horner's rule, highest coefficient first.
#[inline(always)]
fn polynomial<L: Arithmetic>(x: L::F, coefficients: &[f32]) -> L::F {
    let mut sum = L::splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = L::fma(sum, x, L::splat(coefficient));
    }
    sum
}

/// eˣ − 1 as `small` + (2ⁿ − 1) parts: for x within ±150, the whole number n nearest to x / ln 2 and
/// `small` = eʳ − 1 for r = x − n ln 2. Polynomial: Cephes `expf`.
#[inline(always)]
fn exp_parts<L: Arithmetic>(x: L::F) -> (L::F, L::F) {
    let n = L::round(L::mul(x, L::splat(LOG2_E)));
    let r = L::fma(n, L::splat(-LN_2_HIGH), x);
    let r = L::fma(n, L::splat(-LN_2_LOW), r);
    let curve = polynomial::<L>(
        r,
        &[1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5],
    );
    (L::fma(L::mul(r, r), curve, r), n)
}

#[inline(always)]
fn clamp<L: Arithmetic>(x: L::F, low: f32, high: f32) -> L::F {
    L::min(L::max(x, L::splat(low)), L::splat(high))
}

#[inline(always)]
pub(super) fn exp<L: Arithmetic>(x: L::F) -> L::F {
    let (small, n) = exp_parts::<L>(clamp::<L>(x, -105.0, 90.0));
    let result = L::scale(L::add(small, L::splat(1.0)), n);
    L::select(L::is_nan(x), x, result)
}

#[inline(always)]
pub(super) fn expm1<L: Arithmetic>(x: L::F) -> L::F {
    let clamped = clamp::<L>(x, -20.0, 89.0);
    let (small, n) = exp_parts::<L>(clamped);
    // 2ⁿ⁻¹ keeps the largest n = 128 in range.
    let power = L::power_of_two(L::int_sub(L::to_int(n), L::splat_int(1)));
    let half = L::fma(small, power, L::sub(power, L::splat(0.5)));
    let scaled = L::add(half, half);
    let near = L::equal(n, L::splat(0.0));
    let result = L::select(near, small, scaled);
    let result = L::select(L::equal(x, L::splat(0.0)), x, result);
    // The polynomial is a rounding away from −1 at the lower clamp.
    let result = L::select(L::less_equal(x, L::splat(-20.0)), L::splat(-1.0), result);
    L::select(L::is_nan(x), x, result)
}

/// Polynomial: Cephes `logf`.
#[inline(always)]
pub(super) fn log<L: Arithmetic>(x: L::F) -> L::F {
    let subnormal = L::less(x, L::splat(f32::MIN_POSITIVE));
    let scaled = L::select(subnormal, L::mul(x, L::splat(33_554_432.0)), x);
    let shift = L::select(subnormal, L::splat(-25.0), L::splat(0.0));
    // The exponent such that the rest lies between √½ and √2.
    let bits = L::bits(scaled);
    let offset = L::int_sub(bits, L::splat_int(0x3f35_04f3));
    let exponent = L::from_exponent(offset);
    let mantissa = L::from_bits(L::int_sub(bits, L::into_exponent(exponent)));
    let e = L::add(L::to_float(exponent), shift);
    let f = L::sub(mantissa, L::splat(1.0));
    let curve = polynomial::<L>(
        f,
        &[
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            3.333_333e-1,
        ],
    );
    let square = L::mul(f, f);
    let tail = L::mul(L::mul(f, square), curve);
    let tail = L::fma(e, L::splat(-2.121_944_4e-4), tail);
    let tail = L::fma(square, L::splat(-0.5), tail);
    let result = L::fma(e, L::splat(0.693_359_4), L::add(f, tail));
    let infinity = L::splat(f32::INFINITY);
    let result = L::select(L::equal(x, infinity), infinity, result);
    let result = L::select(L::equal(x, L::splat(0.0)), L::splat(f32::NEG_INFINITY), result);
    let result = L::select(L::less(x, L::splat(0.0)), L::splat(f32::NAN), result);
    L::select(L::is_nan(x), x, result)
}

/// ln(1 + x) = ln u + (what u = 1 + x lost in rounding) / u.
#[inline(always)]
pub(super) fn log1p<L: Arithmetic>(x: L::F) -> L::F {
    let one = L::splat(1.0);
    let u = L::add(one, x);
    // Which of the two summands is larger decides how the loss is computed exactly.
    let lost_small = L::sub(x, L::sub(u, one));
    let lost_large = L::sub(one, L::sub(u, x));
    let lost = L::select(L::less(one, x), lost_large, lost_small);
    let result = L::add(log::<L>(u), L::div(lost, u));
    let infinity = L::splat(f32::INFINITY);
    let result = L::select(L::equal(x, infinity), infinity, result);
    let result = L::select(L::equal(x, L::splat(-1.0)), L::splat(f32::NEG_INFINITY), result);
    let tiny = L::less(absolute::<L>(x), L::splat(1e-10));
    let result = L::select(tiny, x, result);
    L::select(L::is_nan(x), x, result)
}

/// tanh |x| = m / (m + 2) with m = e^2|x| − 1.
#[inline(always)]
pub(super) fn tanh<L: Arithmetic>(x: L::F) -> L::F {
    let magnitude = absolute::<L>(x);
    let capped = L::min(magnitude, L::splat(10.0));
    let m = expm1::<L>(L::add(capped, capped));
    let ratio = L::div(m, L::add(m, L::splat(2.0)));
    let ratio = L::select(L::less(magnitude, L::splat(1e-4)), magnitude, ratio);
    L::select(L::is_nan(x), x, with_sign::<L>(ratio, x))
}

/// With t = e^−|x|: 1 / (1 + t), or t / (1 + t) for negative x, whose power of two is multiplied in
/// last so that no digit is lost where t is subnormal.
#[inline(always)]
pub(super) fn sigmoid<L: Arithmetic>(x: L::F) -> L::F {
    let one = L::splat(1.0);
    let folded = L::max(negative::<L>(absolute::<L>(x)), L::splat(-105.0));
    let (small, n) = exp_parts::<L>(folded);
    let mantissa = L::add(small, one);
    let below = L::add(L::scale(mantissa, n), one);
    let is_negative = L::less(x, L::splat(0.0));
    let quotient = L::div(L::select(is_negative, mantissa, one), below);
    let result = L::select(is_negative, L::scale(quotient, n), quotient);
    L::select(L::is_nan(x), x, result)
}

/// x · sigmoid(x), with the power of two of e^−|x| multiplied in last: where sigmoid(x) alone is
/// subnormal, or 0, the product still has all its digits. NaN at −∞, as the product −∞ · 0 is.
#[inline(always)]
pub(super) fn swish<L: Arithmetic>(x: L::F) -> L::F {
    let one = L::splat(1.0);
    let clamped = L::max(x, L::splat(-150.0));
    let folded = L::max(negative::<L>(absolute::<L>(x)), L::splat(-150.0));
    let (small, n) = exp_parts::<L>(folded);
    let mantissa = L::add(small, one);
    let below = L::add(L::scale(mantissa, n), one);
    let is_negative = L::less(x, L::splat(0.0));
    let above = L::select(is_negative, L::mul(clamped, mantissa), x);
    let quotient = L::div(above, below);
    let result = L::select(is_negative, L::scale(quotient, n), quotient);
    let lowest = L::equal(x, L::splat(f32::NEG_INFINITY));
    let result = L::select(lowest, L::splat(f32::NAN), result);
    L::select(L::is_nan(x), x, result)
}

/// The slope of x · sigmoid(x). With t = e^−|x| it is (1 + t (1 + x)) / (1 + t)², or t (1 + t + x) /
/// (1 + t)² for negative x; near its zero at −1.278, where 1 + t and x cancel, a polynomial of the
/// distance from there. NaN at ±∞, as sums of products with 0 · ∞ are.
#[inline(always)]
pub(super) fn swish_slope<L: Arithmetic>(x: L::F) -> L::F {
    const ZERO: f32 = -1.278_464_6;
    const ZERO_LOW: f32 = 1.297_928_2e-8;
    let (one, magnitude) = (L::splat(1.0), absolute::<L>(x));
    let (small, n) = exp_parts::<L>(L::max(negative::<L>(magnitude), L::splat(-105.0)));
    let mantissa = L::add(small, one);
    let t = L::scale(mantissa, n);
    let below = L::fma(t, L::add(t, L::splat(2.0)), one);
    let is_negative = L::less(x, L::splat(0.0));
    let rising = L::fma(t, L::add(magnitude, one), one);
    // What the mantissa and the sum lose in rounding goes into the product.
    let lost = L::sub(small, L::sub(mantissa, one));
    let rest = L::sub(one, L::min(magnitude, L::splat(150.0)));
    let sum = L::add(rest, t);
    let sum_lost = L::add(L::sub(rest, L::sub(sum, t)), L::scale(lost, n));
    let product_lost = L::fma(mantissa, sum_lost, L::mul(lost, sum));
    let falling = L::fma(mantissa, sum, product_lost);
    let quotient = L::div(L::select(is_negative, falling, rising), below);
    let far = L::select(is_negative, L::scale(quotient, n), quotient);
    let distance = L::sub(L::sub(x, L::splat(ZERO)), L::splat(ZERO_LOW));
    let curve = polynomial::<L>(
        distance,
        &[
            7.920_286e-4,
            1.553_535_7e-4,
            -6.606_296e-3,
            -1.522_394_1e-2,
            1.887_481_1e-2,
            1.466_488_1e-1,
            2.178_117e-1,
        ],
    );
    let near = L::mul(distance, curve);
    let is_near = L::less(absolute::<L>(distance), L::splat(0.3));
    let result = L::select(is_near, near, far);
    let infinite = L::equal(magnitude, L::splat(f32::INFINITY));
    let result = L::select(infinite, L::splat(f32::NAN), result);
    L::select(L::is_nan(x), x, result)
}

#[inline(always)]
pub(super) fn softplus<L: Arithmetic>(x: L::F) -> L::F {
    let tail = exp::<L>(negative::<L>(absolute::<L>(x)));
    let result = L::add(L::max(x, L::splat(0.0)), log1p::<L>(tail));
    L::select(L::is_nan(x), x, result)
}

/// x + x P(x²) near zero, else 1 − e^Q(|x|). Polynomials: N. Juffa's `erff`, below 1.2 ULP.
#[inline(always)]
pub(super) fn erf<L: Arithmetic>(x: L::F) -> L::F {
    let square = L::mul(x, x);
    let near = polynomial::<L>(
        square,
        &[-5.967_617e-4, 4.991_194_2e-3, -2.676_813_5e-2, 1.128_199_25e-1, -3.761_253_4e-1],
    );
    let near = L::fma(near, square, L::splat(1.283_791_7e-1));
    let near = L::fma(near, x, x);
    let t = L::min(absolute::<L>(x), L::splat(4.0));
    let high = L::fma(L::splat(-1.728_534_7e-5), t, L::splat(3.831_971_3e-4));
    let low = L::fma(L::splat(-3.883_964_4e-3), t, L::splat(2.425_462_2e-2));
    let far = L::fma(high, L::mul(t, t), low);
    let far = L::fma(far, t, L::splat(-1.067_778_8e-1));
    let far = L::fma(far, t, L::splat(-6.348_467e-1));
    let far = L::fma(far, t, L::splat(-1.287_175_1e-1));
    let far = L::fma(far, t, negative::<L>(t));
    let far = with_sign::<L>(L::sub(L::splat(1.0), exp::<L>(far)), x);
    let is_far = L::less(L::splat(0.927_734_4), absolute::<L>(x));
    let result = L::select(is_far, far, near);
    L::select(L::is_nan(x), x, result)
}
