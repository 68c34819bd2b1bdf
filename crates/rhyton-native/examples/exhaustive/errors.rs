//! Errors in units of the last place, and the largest of many.

use crate::kernels::Real;
use crate::truth::{self, Curve, PLACES, Truth};

/// How a result is held to the truth.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// The exponent below which the unit in the last place stays what it is there.
    floor: i32,
    /// Whether a zero's sign counts.
    signed_zeros: bool,
}

/// Values: the unit is 2⁻¹⁴⁹ for subnormal results, and zeros have signs.
pub(crate) const VALUES: Scale = Scale { floor: -126, signed_zeros: true };
/// Slopes: relative to max(|slope|, 2⁻²⁴), because what is smaller trains nothing.
pub(crate) const SLOPES: Scale = Scale { floor: -24, signed_zeros: false };

/// The largest error and the bits of its input.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Worst {
    pub(crate) error: f64,
    /// The bits of the input; of two, the first above the second.
    pub(crate) at: u64,
}

const EXPONENT: u64 = 0x7ff << 52;
const MANTISSA_UNITS: f64 = 8_388_608.0;
/// By how much an interpolated error must exceed the largest one to be computed anew.
const NEWS: f64 = 1.0 / 4096.0;

impl Worst {
    pub(crate) fn max(self, other: Self) -> Self {
        if other.error > self.error { other } else { self }
    }

    /// Takes in the results for the block that begins with an input of these bits; the largest error
    /// in it, if it is the news.
    pub(crate) fn meet(
        &mut self,
        start: u32,
        results: &[f32],
        (truth, function): (&Truth, Real),
        scale: Scale,
    ) -> Option<Self> {
        let error = match truth {
            Truth::Constant(value) => match *value as f32 {
                rounded if results.iter().all(|result| is_same(*result, rounded)) => return None,
                _ => f64::INFINITY,
            },
            Truth::Curve(curve) => curve_error(results, curve, scale),
            Truth::Calls => f64::INFINITY,
        };
        if error <= self.error + NEWS {
            return None;
        }
        let mut found = Self::default();
        for (at, result) in (start..).zip(results) {
            let error = scale.error(*result, function(f64::from(f32::from_bits(at))));
            found = found.max(Self { error, at: u64::from(at) });
        }
        *self = self.max(found);
        Some(found)
    }
}

/// The same bits, or both NaN.
pub(crate) fn is_same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// The largest error against a curve without zeros or infinities; infinite or NaN if a result has no
/// such error. Floats that are not negative are ordered as their bits, with NaN above all.
fn curve_error(results: &[f32], curve: &Curve, scale: Scale) -> f64 {
    let floor = i64::from(scale.floor + 1023) << 52;
    let (mut largest, mut turned) = (0_i64, 0_u64);
    for (result, place) in results.iter().zip(&PLACES) {
        let (result, truth) = (f64::from(*result), truth::value(curve, *place));
        let exponent = ((truth.to_bits() & EXPONENT) as i64).max(floor);
        let per_power = f64::from_bits(((2046 << 52) - exponent) as u64);
        let error = ((result - truth) * per_power).abs();
        largest = largest.max(error.to_bits() as i64);
        turned |= result.to_bits() ^ truth.to_bits();
    }
    let wrong_sign = scale.signed_zeros && turned >> 63 == 1;
    if wrong_sign { f64::INFINITY } else { f64::from_bits(largest as u64) * MANTISSA_UNITS }
}

impl Scale {
    /// The error of a result.
    pub(crate) fn error(self, result: f32, truth: f64) -> f64 {
        if result.is_nan() || truth.is_nan() {
            return if result.is_nan() && truth.is_nan() { 0.0 } else { f64::INFINITY };
        }
        if self.signed_zeros
            && result == 0.0
            && result.is_sign_negative() != truth.is_sign_negative()
        {
            return f64::INFINITY;
        }
        let rounded = truth as f32;
        if rounded.is_infinite() || result.is_infinite() {
            // ∞ is the neighbour of the largest number.
            let far = rounded.to_bits().abs_diff(result.to_bits());
            return if far <= 1 << 20 { f64::from(far) } else { f64::INFINITY };
        }
        let exponent = ((truth.to_bits() & EXPONENT) >> 52) as i32 - 1023;
        let per_power = f64::from_bits(((1023 - exponent.max(self.floor)) as u64) << 52);
        (f64::from(result) - truth).abs() * per_power * MANTISSA_UNITS
    }
}
