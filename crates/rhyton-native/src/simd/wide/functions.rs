//! Functions of f64 as straight lines of code, which vectorise under any instruction set. Polynomials
//! are minimax (Remez) in the interval and to the relative error that stands beside each; results
//! are within about 4 ULP of f64, which rounds to the f32 next to the true value.
#![allow(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, which stops vectors"
)]

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E};
use std::hint::select_unpredictable;

/// Added to a number below 2^51 it leaves the nearest whole number in the lowest bits.
const MAGIC: f64 = 6_755_399_441_055_744.0;
const ONE_BITS: u64 = 1023 << 52;

/// `a` if `condition` holds, else `b`, without a branch.
#[inline(always)]
fn pick(condition: bool, a: f64, b: f64) -> f64 {
    select_unpredictable(condition, a, b)
}

/// The larger; x if it is NaN.
#[inline(always)]
fn at_least(low: f64, x: f64) -> f64 {
    pick(low > x, low, x)
}

/// The smaller; x if it is NaN.
#[inline(always)]
fn at_most(high: f64, x: f64) -> f64 {
    pick(high < x, high, x)
}

/// A polynomial by Horner's rule, highest coefficient first.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut sum = coefficients[0];
    for coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, *coefficient);
    }
    sum
}

/// 1 / d by two Newton steps from an approximation within 0.002; a division is slower.
#[inline(always)]
fn refined_reciprocal(d: f64, near: f64) -> f64 {
    let rest = (-d).mul_add(near, 1.0);
    let closer = rest.mul_add(rest, rest).mul_add(near, near);
    (-d).mul_add(closer, 1.0).mul_add(closer, closer)
}

/// 1 / d for d from 1 to 2.
#[inline(always)]
fn reciprocal_to_two(d: f64) -> f64 {
    let near = polynomial(
        d,
        [
            -0.221_837_088_388_214_9,
            1.331_022_530_329_289_5,
            -2.939_341_421_143_847_6,
            2.828_422_876_949_74,
        ],
    );
    refined_reciprocal(d, near)
}

/// x = n ln 2 + r: n, and n in the lowest bits of a float, and eʳ − 1. Error 3e-16.
#[inline(always)]
fn exp_parts(x: f64) -> (f64, f64, f64) {
    const LN_2_LOW: f64 = 2.319_046_813_846_299_6e-17;
    let shifted = x.mul_add(LOG2_E, MAGIC);
    let n = shifted - MAGIC;
    let r = (-n).mul_add(LN_2_LOW, (-n).mul_add(LN_2, x));
    let curve = polynomial(
        r,
        [
            2.763_568_962_332_626_4e-7,
            2.763_528_029_586_335_5e-6,
            2.480_147_788_098_157e-5,
            0.000_198_411_845_392_120_28,
            0.001_388_888_895_794_969_7,
            0.008_333_333_371_387_43,
            0.041_666_666_666_479_68,
            0.166_666_666_666_104_2,
            0.500_000_000_000_001_6,
        ],
    );
    (n, shifted, (r * r).mul_add(curve, r))
}

/// 2ⁿ⁺ᵒ of n in the lowest bits, for n + o from −1022 to 1023.
#[inline(always)]
fn power_of_two(shifted: f64, offset: u64) -> f64 {
    f64::from_bits(shifted.to_bits().wrapping_add(1023_u64.wrapping_add(offset)) << 52)
}

/// x · 2ⁿ, rounded once where x is near 1.
#[inline(always)]
fn scale(x: f64, n: f64) -> f64 {
    let half = n.mul_add(0.5, MAGIC);
    let rest = n - (half - MAGIC);
    x * power_of_two(half, 0) * power_of_two(rest + MAGIC, 0)
}

#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let (n, _, small) = exp_parts(at_most(710.0, at_least(-746.0, x)));
    scale(1.0 + small, n)
}

/// eˣ / 2 for x ≥ 0.
#[inline(always)]
fn half_exp(x: f64) -> f64 {
    let (n, _, small) = exp_parts(at_most(712.0, x));
    scale(1.0 + small, n - 1.0)
}

/// eˣ for x ≤ 0.
#[inline(always)]
fn exp_of_negative(x: f64) -> f64 {
    const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
    let (_, shifted, small) = exp_parts(at_least(-746.0, x));
    (1.0 + small) * power_of_two(shifted, 64) * (1.0 / TWO_TO_64)
}

#[inline(always)]
pub(super) fn expm1(x: f64) -> f64 {
    let (n, shifted, small) = exp_parts(at_most(710.0, at_least(-40.0, x)));
    // 2ⁿ⁻¹ keeps the largest n = 1024 in range.
    let power = power_of_two(shifted, u64::MAX);
    let half = small.mul_add(power, power - 0.5);
    let result = pick(n == 0.0, small, half + half);
    pick(x == 0.0, x, result)
}

/// k ln 2 + ln(1 + f) + low for f from √½ − 1 to √2 − 1, a `low` that is small beside f or 0.
/// fdlibm's form: with s = f / (2 + f), ln(1 + f) = f − f²/2 + s (f²/2 + R(s²)). Error 3e-18.
#[inline(always)]
fn log_near(k: f64, f: f64, low: f64) -> f64 {
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let d = f.mul_add(0.5, 1.0);
    let near =
        polynomial(d, [0.934_865_609_909_649_8, -2.889_716_343_511_223, 2.955_490_146_264_202]);
    let s = 0.5 * f * refined_reciprocal(d, near);
    let z = s * s;
    let curve = z * polynomial(
        z,
        [
            0.147_565_768_201_677_44,
            0.153_182_254_403_600_5,
            0.181_833_896_202_117_23,
            0.222_222_022_166_642_77,
            0.285_714_287_032_271_53,
            0.399_999_999_996_141_66,
            0.666_666_666_666_669_8,
        ],
    );
    let half_square = 0.5 * f * f;
    let rest = s.mul_add(half_square + curve, k.mul_add(LN_2_LOW, low));
    k.mul_add(LN_2_HIGH, f - (half_square - rest))
}

/// x = 2ᵏ (1 + f) for a normal x > 0: k, f, and k + 1023 as an integer.
#[inline(always)]
fn log_parts(x: f64) -> (f64, f64, u64) {
    const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
    const TWO_TO_52_BITS: u64 = 1075 << 52;
    let exponent = x.to_bits().wrapping_sub(SQRT_HALF_BITS).wrapping_add(ONE_BITS) >> 52;
    let k = f64::from_bits(exponent | TWO_TO_52_BITS) - (4_503_599_627_370_496.0 + 1023.0);
    let mantissa = x.to_bits().wrapping_sub(exponent << 52).wrapping_add(ONE_BITS);
    (k, f64::from_bits(mantissa) - 1.0, exponent)
}

/// The logarithm where 0 < u < ∞, else its limit or NaN.
#[inline(always)]
fn log_limits(u: f64, result: f64) -> f64 {
    let outside = pick(u == 0.0, f64::NEG_INFINITY, pick(u < 0.0, f64::NAN, u));
    pick((u > 0.0) & (u < f64::INFINITY), result, outside)
}

#[inline(always)]
pub(super) fn log(x: f64) -> f64 {
    const TWO_TO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let (k, f, _) = log_parts(pick(subnormal, x * TWO_TO_54, x));
    log_limits(x, log_near(k - pick(subnormal, 54.0, 0.0), f, 0.0))
}

/// ln(1 + x) = ln u + (what u = 1 + x lost in rounding) / u.
#[inline(always)]
pub(super) fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // Which of the two summands is larger decides how the loss is computed exactly.
    let lost = pick(x > 1.0, 1.0 - (u - x), x - (u - 1.0));
    let (k, f, exponent) = log_parts(u);
    let scaled = lost * f64::from_bits(2046_u64.wrapping_sub(exponent) << 52);
    let low = pick(x.abs() < 1e18, scaled, 0.0);
    let result = log_limits(u, log_near(k, f, (-low).mul_add(f, low)));
    pick(x == 0.0, x, result)
}

/// tanh |x| = −m / (2 + m) with m = e^−2|x| − 1.
#[inline(always)]
pub(super) fn tanh(x: f64) -> f64 {
    let (_, shifted, small) = exp_parts(at_least(-40.0, -2.0 * x.abs()));
    let power = power_of_two(shifted, 0);
    let m = small.mul_add(power, power - 1.0);
    (-m * reciprocal_to_two(2.0 + m)).copysign(x)
}

/// With t = e^−|x|: 1 / (1 + t), or t / (1 + t) for negative x.
#[inline(always)]
pub(super) fn sigmoid(x: f64) -> f64 {
    let t = exp_of_negative(-x.abs());
    let positive = reciprocal_to_two(1.0 + t);
    pick(x < 0.0, t * positive, positive)
}

#[inline(always)]
pub(super) fn softplus(x: f64) -> f64 {
    let t = exp_of_negative(-x.abs());
    let far = t > std::f64::consts::SQRT_2 - 1.0;
    let tail = log_near(pick(far, 1.0, 0.0), pick(far, 0.5 * (t - 1.0), t), 0.0);
    pick(x > 0.0, x, 0.0) + tail
}

/// erfc a = e^(−a²) G((a − 3) / (a + 3)) / (1 + 2a) for a ≥ 0 (Shepherd and Laframboise 1981).
/// Error 2e-17.
#[inline(always)]
fn erf_tail(a: f64) -> f64 {
    let a = at_most(28.0, a);
    let (inner, outer) = (a + 3.0, a.mul_add(2.0, 1.0));
    let reciprocal = 1.0 / (inner * outer);
    let q = (a - 3.0) * outer * reciprocal;
    let curve = polynomial(
        q,
        [
            -3.981_004_916_793_412e-9,
            -7.991_993_261_014_108e-9,
            3.243_156_320_159_807_5e-8,
            9.015_732_068_298_31e-8,
            -1.309_570_399_549_134_5e-7,
            -6.025_524_047_460_962e-7,
            3.494_428_638_882_991e-7,
            3.462_021_682_786_479_6e-6,
            -7.282_014_388_990_782e-7,
            -2.009_565_298_367_811e-5,
            4.948_511_132_466_61e-6,
            0.000_125_097_845_073_847_77,
            -0.000_105_159_610_642_472_05,
            -0.000_779_831_977_340_931_7,
            0.001_888_690_335_171_982_8,
            0.002_529_391_781_007_589,
            -0.023_770_514_916_731_01,
            0.068_308_027_346_288_38,
            -0.119_273_663_415_394_17,
            0.129_645_158_702_690_53,
            -0.047_562_294_353_449_136,
            -0.135_621_106_124_580_53,
            1.253_008_058_269_729_6,
        ],
    );
    let square = a * a;
    let lost = a.mul_add(a, -square);
    let bell = exp_of_negative(-square);
    (-lost).mul_add(bell, bell) * (curve * inner * reciprocal)
}

/// x + x P(x²) below 1, with error 8e-18, else 1 − erfc |x|.
#[inline(always)]
pub(super) fn erf(x: f64) -> f64 {
    let z = x * x;
    let curve = polynomial(
        z,
        [
            -7.819_858_647_323_742e-10,
            1.373_366_188_847_536_8e-8,
            -1.621_183_287_846_605_6e-7,
            1.644_789_385_822_017_1e-6,
            -1.492_477_805_840_879_8e-5,
            0.000_120_552_972_495_817_71,
            -0.000_854_832_606_253_38,
            0.005_223_977_609_181_912,
            -0.026_866_170_643_533_7,
            0.112_837_916_709_473_2,
            -0.376_126_389_031_836_2,
        ],
    );
    let near = x * curve.mul_add(z, std::f64::consts::FRAC_2_SQRT_PI);
    let far = (1.0 - erf_tail(x.abs())).copysign(x);
    pick(x.abs() < 1.0, near, far)
}

#[inline(always)]
pub(super) fn erfc(x: f64) -> f64 {
    let tail = erf_tail(x.abs());
    pick(x < 0.0, 2.0 - tail, tail)
}

/// Beyond it the quarter turns of an angle are counted in whole numbers, one angle at a time.
pub(super) const ANGLE_MAX: f64 = 1_073_741_824.0;

/// x − n π/2 within ±π/4, and n in the lowest bits.
#[inline(always)]
fn quarter_turns(x: f64) -> (f64, u64) {
    const MIDDLE: f64 = 6.123_233_995_736_766e-17;
    const LOW: f64 = -1.497_384_904_859_169_8e-33;
    let shifted = x.mul_add(FRAC_2_PI, MAGIC);
    let n = shifted - MAGIC;
    let r = (-n).mul_add(MIDDLE, (-n).mul_add(FRAC_PI_2, x));
    ((-n).mul_add(LOW, r), shifted.to_bits())
}

/// The bits of 2/π behind the point, behind one word of zeros.
const TWO_OVER_PI: [u64; 21] = [
    0,
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
    0xf0cf_bc20_9af4_361d,
];

/// As [`quarter_turns`] for |x| beyond [`ANGLE_MAX`] (Payne and Hanek 1983): x is m 2ᵉ with a whole
/// m, so that of 2/π only 192 bits count, from the one that turns m by half a circle.
fn far_quarter_turns(x: f64) -> (f64, u64) {
    const UNIT: f64 = 1.0 / (1_u128 << 126) as f64;
    let exponent = (x.to_bits() >> 52 & 0x7ff) as usize;
    let m = x.to_bits() & ((1 << 52) - 1) | 1 << 52;
    // Bits of weight 4 and more after the product are dropped: bit e - 1 of 2/π is the first kept.
    let first = exponent + 64 - 2 - 1075;
    let (word, shift) = (first / 64, first % 64);
    let window = |place: usize| {
        let both = u128::from(TWO_OVER_PI[place]) << 64 | u128::from(TWO_OVER_PI[place + 1]);
        (both << shift >> 64) as u64
    };
    let low = (u128::from(m) * u128::from(window(word + 2))) >> 64;
    let middle = u128::from(m) * u128::from(window(word + 1)) + low;
    let high = m.wrapping_mul(window(word));
    let turns = middle.wrapping_add(u128::from(high) << 64);
    let whole = (turns >> 125).wrapping_add(1) >> 1;
    let rest = turns.wrapping_sub(whole << 126) as i128;
    let r = rest as f64 * (UNIT * FRAC_PI_2);
    let whole = whole as u64;
    if x < 0.0 { (-r, whole.wrapping_neg()) } else { (r, whole) }
}

/// sin r and cos r within ±π/4. Errors 4e-18 and 5e-20.
#[inline(always)]
fn sin_cos_near(r: f64) -> (f64, f64) {
    let z = r * r;
    let sin = polynomial(
        z,
        [
            1.589_687_735_259_507_8e-10,
            -2.505_076_004_785_878e-8,
            2.755_731_370_851_837e-6,
            -0.000_198_412_698_298_720_87,
            0.008_333_333_333_322_524,
            -0.166_666_666_666_666_32,
        ],
    );
    let cos = polynomial(
        z,
        [
            -1.135_965_567_171_526_7e-11,
            2.087_572_367_557_438_7e-9,
            -2.755_731_435_755_008_6e-7,
            2.480_158_728_951_015_7e-5,
            -0.001_388_888_888_887_419,
            0.041_666_666_666_666_6,
        ],
    );
    ((r * z).mul_add(sin, r), (z * z).mul_add(cos, z.mul_add(-0.5, 1.0)))
}

/// The value with its sign flipped where bit 1 of `turns` is set.
#[inline(always)]
fn flip(value: f64, turns: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ (turns & 2) << 62)
}

#[inline(always)]
pub(super) fn sin(x: f64) -> f64 {
    sin_of_turns(quarter_turns(x))
}

#[inline(always)]
fn sin_of_turns((r, turns): (f64, u64)) -> f64 {
    let (sin, cos) = sin_cos_near(r);
    flip(pick(turns & 1 == 0, sin, cos), turns)
}

#[inline(always)]
pub(super) fn cos(x: f64) -> f64 {
    cos_of_turns(quarter_turns(x))
}

#[inline(always)]
fn cos_of_turns((r, turns): (f64, u64)) -> f64 {
    let (sin, cos) = sin_cos_near(r);
    flip(pick(turns & 1 == 0, cos, sin), turns.wrapping_add(1))
}

#[inline(always)]
pub(super) fn tan(x: f64) -> f64 {
    tan_of_turns(quarter_turns(x))
}

#[inline(always)]
fn tan_of_turns((r, turns): (f64, u64)) -> f64 {
    let (sin, cos) = sin_cos_near(r);
    let even = turns & 1 == 0;
    pick(even, sin, -cos) / pick(even, cos, sin)
}

/// A function of an angle beyond [`ANGLE_MAX`]; NaN at the infinities.
macro_rules! far {
    ($name:ident, $near:ident) => {
        pub(super) fn $name(x: f64) -> f64 {
            if x.is_finite() { $near(far_quarter_turns(x)) } else { f64::NAN }
        }
    };
}

far!(far_sin, sin_of_turns);
far!(far_cos, cos_of_turns);
far!(far_tan, tan_of_turns);

/// arcsin w for w from 0 to ½, given w². Error 2e-17.
#[inline(always)]
fn asin_near(w: f64, z: f64) -> f64 {
    let curve = polynomial(
        z,
        [
            0.031_815_061_043_287_32,
            -0.016_068_271_961_572_64,
            0.019_418_316_319_034_304,
            0.006_572_715_403_338_078,
            0.012_157_598_085_710_881,
            0.013_887_240_900_499_516,
            0.017_359_471_735_021_38,
            0.022_371_776_064_402_864,
            0.030_381_958_242_923_907,
            0.044_642_856_854_881_24,
            0.075_000_000_002_958_69,
            0.166_666_666_666_656_5,
        ],
    );
    (w * z).mul_add(curve, w)
}

/// Whether |x| > ½; then arcsin √((1 − |x|) / 2), else arcsin |x|.
#[inline(always)]
fn asin_parts(x: f64) -> (bool, f64) {
    let a = x.abs();
    let far = a > 0.5;
    let z = pick(far, 0.5 * (1.0 - a), a * a);
    (far, asin_near(pick(far, z.sqrt(), a), z))
}

#[inline(always)]
pub(super) fn asin(x: f64) -> f64 {
    let (far, part) = asin_parts(x);
    pick(far, FRAC_PI_2 - 2.0 * part, part).copysign(x)
}

#[inline(always)]
pub(super) fn acos(x: f64) -> f64 {
    const PI_LOW: f64 = 1.224_646_799_147_353_2e-16;
    let (far, part) = asin_parts(x);
    let from_one = pick(x < 0.0, std::f64::consts::PI - (2.0 * part - PI_LOW), 2.0 * part);
    let from_zero = FRAC_PI_2 - (part.copysign(x) - 0.5 * PI_LOW);
    pick(far, from_one, from_zero)
}

/// arctan w for |w| ≤ tan π/8. Error 2e-18.
#[inline(always)]
fn atan_near(w: f64) -> f64 {
    let z = w * w;
    let curve = polynomial(
        z,
        [
            -0.017_999_785_203_146_16,
            0.038_153_722_338_154_48,
            -0.050_430_251_554_377_595,
            0.058_487_701_172_064_255,
            -0.066_632_341_703_568_26,
            0.076_920_726_386_315_77,
            -0.090_908_985_253_421_07,
            0.111_111_108_133_053_39,
            -0.142_857_142_808_805_24,
            0.199_999_999_999_616_68,
            -0.333_333_333_333_332_3,
        ],
    );
    (w * z).mul_add(curve, w)
}

/// tan π/8.
const TAN_PI_8: f64 = std::f64::consts::SQRT_2 - 1.0;

#[inline(always)]
pub(super) fn atan(x: f64) -> f64 {
    let a = x.abs();
    let (middle, far) = (a > TAN_PI_8, a > 1.0 / TAN_PI_8);
    let numerator = pick(far, -1.0, pick(middle, a - 1.0, a));
    let denominator = pick(far, a, pick(middle, a + 1.0, 1.0));
    let base = pick(far, FRAC_PI_2, pick(middle, FRAC_PI_4, 0.0));
    (base + atan_near(numerator / denominator)).copysign(x)
}

/// The angle of the point (x, y).
#[inline(always)]
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let steep = b > a;
    let (low, high) = (pick(steep, a, b), pick(steep, b, a));
    let middle = low > TAN_PI_8 * high;
    let numerator = pick(middle, low - high, low);
    let denominator = pick(middle, low + high, high);
    let base = pick(middle, FRAC_PI_4, 0.0);
    let angle = base + atan_near(numerator / denominator);
    let angle = pick(high == 0.0, 0.0, angle);
    let angle = pick((low == high) & (high > 0.0), FRAC_PI_4, angle);
    let angle = pick(steep, FRAC_PI_2 - angle, angle);
    let angle = pick(x.is_sign_negative(), std::f64::consts::PI - angle, angle);
    pick(x.is_nan(), x, pick(y.is_nan(), y, angle.copysign(y)))
}

/// x + x³ P(x²) below 1, with error 1e-19, else (eˣ − e⁻ˣ) / 2.
#[inline(always)]
pub(super) fn sinh(x: f64) -> f64 {
    let a = x.abs();
    let z = a * a;
    let curve = polynomial(
        z,
        [
            7.759_225_609_300_673e-13,
            1.605_724_349_270_957_5e-10,
            2.505_212_335_315_991_6e-8,
            2.755_731_915_566_414_3e-6,
            0.000_198_412_698_414_364_56,
            0.008_333_333_333_333_14,
            0.166_666_666_666_666_69,
        ],
    );
    let half = half_exp(a);
    pick(a < 1.0, (a * z).mul_add(curve, a), half - 0.25 / half).copysign(x)
}

#[inline(always)]
pub(super) fn cosh(x: f64) -> f64 {
    let half = half_exp(x.abs());
    half + 0.25 / half
}

/// Beyond it a square root of a² ± 1 is a.
const ROOT_MAX: f64 = 1e18;

/// ln(1 + |x| + (√(1 + x²) − 1)), or ln |x| + ln 2.
#[inline(always)]
pub(super) fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let near = at_most(ROOT_MAX, a);
    let square = near * near;
    let near = log1p(near + square / (1.0 + (1.0 + square).sqrt()));
    let far = log(a) + LN_2;
    let result = pick(a < ROOT_MAX, near, far);
    pick(x == 0.0, x, result.copysign(x))
}

/// With t = x − 1: ln(1 + t + √(2t + t²)), or ln x + ln 2.
#[inline(always)]
pub(super) fn acosh(x: f64) -> f64 {
    let t = at_most(ROOT_MAX, x - 1.0);
    let near = log1p(t + t.mul_add(2.0, t * t).sqrt());
    pick(x < 1.0, f64::NAN, pick(x < ROOT_MAX, near, log(x) + LN_2))
}

/// ½ ln(1 + 2|x| / (1 − |x|)).
#[inline(always)]
pub(super) fn atanh(x: f64) -> f64 {
    let a = x.abs();
    (0.5 * log1p((a + a) / (1.0 - a))).copysign(x)
}

/// |a|ᵇ = e^(b ln |a|), with the sign of a where b is odd; special values as IEEE 754's pow. The
/// relative error is 1e-16 (1 + |b ln a|): 1e-14 where the result is an f32.
#[inline(always)]
pub(super) fn power(a: f64, b: f64) -> f64 {
    let magnitude = exp(b * log(a.abs()));
    let half = 0.5 * b;
    let whole = b.floor() == b;
    let odd = whole & (half.floor() != half);
    let signed = pick(odd & a.is_sign_negative(), -magnitude, magnitude);
    let invalid = (a < 0.0) & (a > f64::NEG_INFINITY) & !whole;
    let result = pick(invalid, f64::NAN, signed);
    let one = (b == 0.0) | (a == 1.0) | ((a == -1.0) & (b.abs() == f64::INFINITY));
    pick(one, 1.0, result)
}

#[inline(always)]
pub(super) fn sign(x: f64) -> f64 {
    pick((x == 0.0) | x.is_nan(), x, 1.0_f64.copysign(x))
}

/// The larger; NaN if either is.
#[inline(always)]
pub(super) fn maximum(a: f64, b: f64) -> f64 {
    pick(a.is_nan() | (a > b), a, b)
}

/// The smaller; NaN if either is.
#[inline(always)]
pub(super) fn minimum(a: f64, b: f64) -> f64 {
    pick(a.is_nan() | (a < b), a, b)
}

/// a − b ⌊a / b⌋, with the sign of b; exact but for the last sum.
#[inline(always)]
pub(super) fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    pick((rest != 0.0) & ((rest < 0.0) != (b < 0.0)), rest + b, rest)
}
