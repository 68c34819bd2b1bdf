use super::zones;
use crate::functions::Function;

/// Applies a function to every value; whether that took its computation, or one multiplication each
/// at most.
///
/// The frequent ones are written without branches and calls, so that the loops become vector code;
/// they keep 3 ULP of f64, but for subnormal results of `exp`, which are 0. Not the native engine's
/// functions: those are built from fused multiply-adds, which without the engine's instruction sets
/// are a call each, and a review has some milliseconds.
pub(super) fn apply(function: Function, to: &mut [f64], a: &[f64]) -> bool {
    if cost(function) > zones::COST && zones::apply(function, to, a) {
        return false;
    }
    if let Some(value) = zones::uniform(a).filter(|_| cost(function) > zones::COST) {
        compute(function, &mut to[..1], &[value]);
        let result = to[0];
        to.fill(result);
        return false;
    }
    compute(function, to, a);
    true
}

fn compute(function: Function, to: &mut [f64], a: &[f64]) {
    match function {
        Function::Exp => each(to, a, exp),
        Function::Expm1 => each(to, a, expm1),
        Function::Log => each(to, a, log),
        Function::Log1p => each(to, a, log1p),
        Function::Tanh => each(to, a, tanh),
        Function::Sigmoid => each(to, a, sigmoid),
        Function::Softplus => softplus(to, a),
        Function::Sqrt => each(to, a, f64::sqrt),
        Function::Rsqrt => each(to, a, |a| 1.0 / a.sqrt()),
        Function::Square => each(to, a, |a| a * a),
        Function::Abs => each(to, a, f64::abs),
        Function::Relu => each(to, a, |a| if a <= 0.0 { 0.0 } else { a }),
        other => each(to, a, |a| other.evaluate(a)),
    }
}

/// In units of an addition.
pub(super) fn cost(function: Function) -> u64 {
    match function {
        Function::Square | Function::Abs | Function::Relu => 1,
        Function::Sqrt | Function::Rsqrt | Function::Sign => 4,
        Function::Floor | Function::Ceil | Function::Round | Function::Exp => 8,
        Function::Expm1 | Function::Sigmoid | Function::Atan => 12,
        Function::Tanh | Function::Cosh => 14,
        Function::Log => 18,
        Function::Log1p | Function::Asin | Function::Acos => 22,
        // Most float32 values are huge, and their sines cost more than those of small ones.
        Function::Sin | Function::Cos | Function::Tan => 100,
        Function::Softplus | Function::Sinh => 45,
        Function::Erf => 50,
        Function::Erfc | Function::Asinh => 90,
    }
}

fn each(to: &mut [f64], a: &[f64], f: impl Fn(f64) -> f64) {
    for (to, a) in to.iter_mut().zip(a) {
        *to = f(*a);
    }
}

/// Adding it rounds to a whole number, which then stands in the last bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// ln 2 with 33 bits, so that a multiple is exact, and what is missing.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// e^x leaves f64's normal numbers beyond; results that would be subnormal are 0, because processors
/// take a hundred times as long to make one.
pub(super) const SMALLEST: f64 = -707.7;
pub(super) const GREATEST: f64 = 709.782_712_893_384;

/// `k` with x = k ln 2 + r, and e^r − 1, for x between the bounds.
#[inline]
fn reduced(x: f64) -> (f64, f64) {
    // Written so that NaN stays.
    let x = if x < SMALLEST { SMALLEST } else { x };
    let x = if x > GREATEST { GREATEST } else { x };
    let k = (x * std::f64::consts::LOG2_E + SHIFT) - SHIFT;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    (k, r + r * r * exponential_series(r))
}

/// (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2, by Taylor's series.
#[inline]
fn exponential_series(r: f64) -> f64 {
    let mut sum = 1.0 / 6_227_020_800.0;
    for factor in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ] {
        sum = sum * r + factor;
    }
    sum
}

/// 2^k for a whole k of −1022 … 1023.
#[inline]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + (SHIFT + 1023.0)).to_bits() << 52)
}

#[inline]
fn exp(x: f64) -> f64 {
    let (k, p) = reduced(x);
    // 2^1024 alone would be infinite.
    let value = (2.0 + 2.0 * p) * power_of_two(k - 1.0);
    let value = if x < SMALLEST { 0.0 } else { value };
    if x > GREATEST { f64::INFINITY } else { value }
}

#[inline]
fn expm1(x: f64) -> f64 {
    let (k, p) = reduced(x);
    let power = power_of_two(k - 1.0);
    // Far out 1 is lost, and 2^k may not exist.
    let far = (2.0 + 2.0 * p) * power;
    let near = 2.0 * (power * p + (power - 0.5));
    let value = if x > 40.0 { far } else { near };
    let value = if x > GREATEST { f64::INFINITY } else { value };
    if x == 0.0 { x } else { value }
}

#[inline(always)]
fn log(x: f64) -> f64 {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    /// Bits of √½.
    const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    let subnormal = x < f64::MIN_POSITIVE;
    let normal = if subnormal { x * TWO_54 } else { x };
    let bits = normal.to_bits();
    // x = m · 2^k with √½ ≤ m < √2; the exponent is read as a whole number's last bits.
    let biased = bits.wrapping_sub(ROOT).wrapping_add(1023 << 52) >> 52;
    let k = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(1023) << 52));
    let k = if subnormal { k - 54.0 } else { k };
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut sum = 1.0 / 25.0;
    for odd in [23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        sum = sum * z + 1.0 / odd;
    }
    // ln m = f − (f²/2 − s (f²/2 + 2 z sum)), which keeps f exact.
    let half = 0.5 * f * f;
    let tail = half - s * (half + 2.0 * z * sum);
    let value = k * LN_2_HIGH + (f - (tail - k * LN_2_LOW));
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    let value = if x < 0.0 { f64::NAN } else { value };
    if x < f64::INFINITY { value } else { x }
}

#[expect(clippy::inline_always, reason = "a call for each value is no vector code")]
#[inline(always)]
fn log1p(x: f64) -> f64 {
    let sum = 1.0 + x;
    let lost = if x.abs() < 1.0 { x - (sum - 1.0) } else { 1.0 - (sum - x) };
    let value = log(sum);
    let corrected = value + lost / sum;
    let inside = sum > 0.0 && sum < f64::INFINITY;
    let value = if inside { corrected } else { value };
    if x == 0.0 { x } else { value }
}

#[inline]
fn tanh(x: f64) -> f64 {
    let below = expm1(-2.0 * x.abs());
    (-below / (below + 2.0)).copysign(x)
}

#[inline]
fn sigmoid(x: f64) -> f64 {
    let power = exp(-x.abs());
    let part = 1.0 / (1.0 + power);
    if x >= 0.0 { part } else { power * part }
}

/// In two loops: one alone needs more registers than there are.
fn softplus(to: &mut [f64], a: &[f64]) {
    each(to, a, |x| exp(-x.abs()));
    for (to, x) in to.iter_mut().zip(a) {
        let tail = log1p(*to);
        *to = if *x > 0.0 { x + tail } else { tail };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_code_agrees_with_the_functions() {
        let mut points: Vec<f64> = (-4000..4000).map(|i| f64::from(i) / 97.3).collect();
        for exponent in -1074..1024 {
            let power = f64::powi(2.0, exponent);
            points.extend([power, -power, 1.37 * power, -1.37 * power]);
        }
        points.extend([709.7, 710.0, -745.0, -746.0, -1.0, -0.999_999_9, 0.0, -0.0]);
        points.extend([f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
        let mut values = vec![0.0; points.len()];
        for function in Function::all() {
            apply(function, &mut values, &points);
            for (x, value) in points.iter().zip(&values) {
                let expected = function.evaluate(*x);
                let error = (value - expected).abs() / expected.abs().max(1e-300);
                let same = *value == expected || (value.is_nan() && expected.is_nan());
                assert!(
                    same || error < 6e-16,
                    "{} of {x:e}: {value:e} {expected:e} {error:e}",
                    function.name()
                );
            }
        }
    }

    #[test]
    fn signs_of_nought_are_kept() {
        for f in [tanh, expm1, log1p] {
            assert_eq!(f(-0.0).to_bits(), (-0.0_f64).to_bits());
        }
    }
}
