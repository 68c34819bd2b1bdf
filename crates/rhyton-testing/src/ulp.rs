//! Distances counted in floating-point numbers (units in the last place).

/// How many `f32` values lie between `a` and `b`: 0 for equal numbers (so also for `0.0` and
/// `-0.0`) and for two `NaN`s, 1 for neighbours, `u32::MAX` if only one is `NaN`.
///
/// The distance counts across zero and up to infinity, which is the neighbour of `f32::MAX`.
pub fn ulp_distance_f32(a: f32, b: f32) -> u32 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0,
        (false, false) => ordered_f32(a).abs_diff(ordered_f32(b)),
        _ => u32::MAX,
    }
}

/// How many `f64` values lie between `a` and `b`, as [`ulp_distance_f32`] counts.
pub fn ulp_distance_f64(a: f64, b: f64) -> u64 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0,
        (false, false) => ordered_f64(a).abs_diff(ordered_f64(b)),
        _ => u64::MAX,
    }
}

/// The largest [`ulp_distance_f32`] of two slices; 0 when they are empty.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn max_ulp(actual: &[f32], expected: &[f32]) -> u32 {
    assert!(
        actual.len() == expected.len(),
        "`actual` has {} elements, `expected` has {}",
        actual.len(),
        expected.len()
    );
    actual.iter().zip(expected).map(|(&a, &e)| ulp_distance_f32(a, e)).max().unwrap_or(0)
}

/// The error of an `f32` result against the true value, in units of the true value's last place:
/// `|actual − exact| / ulp(exact)`, where `ulp` is the gap between `f32` values of that magnitude
/// (2⁻¹⁴⁹ for subnormal ones).
///
/// Correct rounding gives at most 0.5. `exact` should carry well more than 24 bits. An `exact`
/// value that rounds to infinity is met by that infinity; a `NaN` on one side only is infinitely wrong.
pub fn ulp_error_f32(actual: f32, exact: f64) -> f64 {
    if actual.is_nan() || exact.is_nan() {
        return if actual.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    let rounded = exact as f32;
    if rounded.is_infinite() {
        return f64::from(ulp_distance_f32(actual, rounded));
    }
    if actual.is_infinite() {
        return f64::INFINITY;
    }
    (f64::from(actual) - exact).abs() / gap(exact)
}

/// The gap between neighbouring `f32` values at the magnitude of `exact`.
fn gap(exact: f64) -> f64 {
    const SMALLEST_NORMAL_EXPONENT: i32 = -126;
    const MANTISSA_BITS: i32 = 23;
    let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    f64::exp2(f64::from(exponent.max(SMALLEST_NORMAL_EXPONENT) - MANTISSA_BITS))
}

/// The bits as an integer that grows with the value; both zeros are 0.
fn ordered_f32(value: f32) -> i32 {
    let bits = value.to_bits() as i32;
    if bits < 0 { i32::MIN.wrapping_sub(bits) } else { bits }
}

/// The bits as an integer that grows with the value; both zeros are 0.
fn ordered_f64(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_apart() {
        for value in [0.0f32, 1.0, -1.0, 1e-40, f32::MAX, -f32::MIN_POSITIVE, 3.25e10] {
            assert_eq!(ulp_distance_f32(value, value.next_up()), 1, "at {value}");
            assert_eq!(ulp_distance_f32(value.next_down(), value.next_up()), 2, "at {value}");
        }
        for value in [0.0f64, 1.0, -1.0, 1e-310, f64::MAX] {
            assert_eq!(ulp_distance_f64(value, value.next_up()), 1, "at {value}");
        }
    }

    #[test]
    fn zeros_are_equal_and_distances_cross_zero() {
        assert_eq!(ulp_distance_f32(0.0, -0.0), 0);
        assert_eq!(ulp_distance_f64(0.0, -0.0), 0);
        assert_eq!(ulp_distance_f32(f32::from_bits(3), -f32::from_bits(4)), 7);
        assert_eq!(ulp_distance_f32(f32::NEG_INFINITY, f32::INFINITY), 2 * 0x7f80_0000);
    }

    #[test]
    fn nan_is_far_from_every_number() {
        assert_eq!(ulp_distance_f32(f32::NAN, 1.0), u32::MAX);
        assert_eq!(ulp_distance_f32(f32::NAN, -f32::NAN), 0);
        assert_eq!(ulp_distance_f64(1.0, f64::NAN), u64::MAX);
        assert_eq!(ulp_distance_f64(f64::NAN, f64::NAN), 0);
    }

    #[test]
    fn the_worst_element_counts() {
        let up = 1.0f32.next_up();
        assert_eq!(max_ulp(&[1.0, up, 2.0], &[1.0, 1.0, 2.0]), 1);
        assert_eq!(max_ulp(&[], &[]), 0);
    }

    #[test]
    #[should_panic(expected = "`actual` has 0 elements, `expected` has 1")]
    fn lengths_must_agree() {
        max_ulp(&[], &[1.0]);
    }

    #[test]
    fn errors_are_fractions_of_the_gap() {
        let gap = f64::from(f32::EPSILON);
        assert_eq!(ulp_error_f32(1.0, 1.0 + 0.25 * gap), 0.25);
        assert_eq!(ulp_error_f32(1.0, 1.0 - 0.25 * gap), 0.5);
        assert_eq!(ulp_error_f32(-3.0, -3.0 - 2.0 * gap), 1.0);
        assert_eq!(ulp_error_f32(0.0, f64::from(f32::from_bits(1)) * 0.5), 0.5);
        assert_eq!(ulp_error_f32(f32::from_bits(2), f64::from(f32::from_bits(5))), 3.0);
        assert_eq!(ulp_error_f32(0.0, 0.0), 0.0);
    }

    #[test]
    fn overflow_and_nan_have_their_place() {
        assert_eq!(ulp_error_f32(f32::INFINITY, 1e300), 0.0);
        assert_eq!(ulp_error_f32(f32::MAX, 1e300), 1.0);
        assert_eq!(ulp_error_f32(f32::INFINITY, 1.0), f64::INFINITY);
        assert_eq!(ulp_error_f32(f32::NAN, 1.0), f64::INFINITY);
        assert_eq!(ulp_error_f32(1.0, f64::NAN), f64::INFINITY);
        assert_eq!(ulp_error_f32(f32::NAN, f64::NAN), 0.0);
    }
}
