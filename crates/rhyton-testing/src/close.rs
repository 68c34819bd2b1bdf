//! Assertions on two slices, with the worst element in the message.

use std::fmt::{self, Debug, Display};

/// What may differ: `|actual − expected| ≤ absolute + relative · |expected|`, as NumPy's `allclose`.
///
/// `NaN` is close to `NaN` only and an infinity to itself only, whatever the tolerance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    absolute: f64,
    relative: f64,
}

impl Tolerance {
    /// Equal numbers only (`0.0` equals `-0.0`; for bits see [`assert_same_bits`]).
    pub const EXACT: Self = Self { absolute: 0.0, relative: 0.0 };

    /// The difference itself is bounded.
    pub const fn absolute(bound: f64) -> Self {
        Self { absolute: bound, relative: 0.0 }
    }

    /// The difference is bounded in proportion to the expected value.
    pub const fn relative(bound: f64) -> Self {
        Self { absolute: 0.0, relative: bound }
    }

    /// The same tolerance with this absolute part.
    #[must_use]
    pub const fn and_absolute(self, bound: f64) -> Self {
        Self { absolute: bound, ..self }
    }

    /// The same tolerance with this relative part.
    #[must_use]
    pub const fn and_relative(self, bound: f64) -> Self {
        Self { relative: bound, ..self }
    }

    /// By how much a pair exceeds what is allowed; `None` if it does not.
    fn excess(self, actual: f64, expected: f64) -> Option<f64> {
        if actual == expected || (actual.is_nan() && expected.is_nan()) {
            return None;
        }
        let difference = (actual - expected).abs();
        if !difference.is_finite() {
            return Some(f64::INFINITY);
        }
        let allowed = self.absolute + self.relative * expected.abs();
        // A bound that is NaN allows nothing.
        if difference <= allowed { None } else { Some(difference - allowed) }
    }
}

impl Display for Tolerance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:e} + {:e} · |expected|", self.absolute, self.relative)
    }
}

/// Asserts that two slices agree element by element within `tolerance`.
///
/// # Panics
///
/// If the lengths differ, or an element differs by more: the message gives the element that exceeds
/// its allowance most (index, both values, difference) and how many exceed theirs.
#[track_caller]
pub fn assert_close<T: Copy + Into<f64> + Debug>(
    actual: &[T],
    expected: &[T],
    tolerance: Tolerance,
) {
    assert_same_length(actual.len(), expected.len());
    let mut count = 0usize;
    let mut worst: Option<(usize, f64)> = None;
    for (index, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        if let Some(excess) = tolerance.excess(actual.into(), expected.into()) {
            count += 1;
            if worst.is_none_or(|(_, most)| excess > most) {
                worst = Some((index, excess));
            }
        }
    }
    let Some((index, _)) = worst else { return };
    let (a, e) = (actual[index], expected[index]);
    let difference = (a.into() - e.into()).abs();
    assert!(
        worst.is_none(),
        "{count} of {} elements differ by more than {tolerance}; worst at index {index}: \
         actual {a:?}, expected {e:?}, difference {difference:e}",
        actual.len(),
    );
}

/// Asserts that two slices hold the same bits, signs of zero and `NaN` payloads included.
///
/// # Panics
///
/// If the lengths or any bits differ: the message gives the first such element and their number.
#[track_caller]
pub fn assert_same_bits(actual: &[f32], expected: &[f32]) {
    assert_same_length(actual.len(), expected.len());
    let differs = |index: &usize| actual[*index].to_bits() != expected[*index].to_bits();
    let count = (0..actual.len()).filter(differs).count();
    let Some(index) = (0..actual.len()).find(differs) else { return };
    let (a, e) = (actual[index], expected[index]);
    assert!(
        count == 0,
        "{count} of {} elements differ in their bits; first at index {index}: \
         actual {a:?} ({:#010x}), expected {e:?} ({:#010x})",
        actual.len(),
        a.to_bits(),
        e.to_bits(),
    );
}

#[track_caller]
fn assert_same_length(actual: usize, expected: usize) {
    assert!(actual == expected, "`actual` has {actual} elements, `expected` has {expected}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_tolerance_passes() {
        assert_close(&[1.0f32, 2.0], &[1.0, 2.0], Tolerance::EXACT);
        assert_close(&[1.0f64, 101.0], &[1.5, 100.0], Tolerance::absolute(1.0));
        assert_close(&[99.0f64, 0.0], &[100.0, 0.0], Tolerance::relative(0.01));
        let both = Tolerance::absolute(0.5).and_relative(0.01);
        assert_close(&[101.5f64], &[100.0], both);
        assert_eq!(both, Tolerance::relative(0.01).and_absolute(0.5));
        assert_close::<f32>(&[], &[], Tolerance::EXACT);
    }

    #[test]
    #[should_panic(expected = "2 of 3 elements differ by more than 1e-1 + 0e0 · |expected|; \
                               worst at index 2: actual 3.0, expected 5.0, difference 2e0")]
    fn the_message_names_the_worst_element() {
        assert_close(&[1.0f32, 2.0, 3.0], &[1.0, 3.0, 5.0], Tolerance::absolute(0.1));
    }

    #[test]
    #[should_panic(expected = "worst at index 0")]
    fn relative_bounds_scale_with_the_expected_value() {
        assert_close(&[0.02f64, 101.0], &[0.01, 100.0], Tolerance::relative(0.011));
    }

    #[test]
    fn nan_and_infinity_match_themselves() {
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        assert_close(&special, &special, Tolerance::EXACT);
    }

    #[test]
    fn nan_and_infinity_match_nothing_else() {
        let anything = Tolerance::absolute(f64::INFINITY);
        for (actual, expected) in [
            (f32::NAN, 0.0),
            (0.0, f32::NAN),
            (f32::INFINITY, f32::NEG_INFINITY),
            (f32::INFINITY, f32::MAX),
        ] {
            assert!(
                anything.excess(actual.into(), expected.into()).is_some(),
                "{actual} {expected}"
            );
        }
    }

    #[test]
    fn a_bound_that_is_nan_allows_nothing() {
        assert!(Tolerance::absolute(f64::NAN).excess(1.0, 1.5).is_some());
    }

    #[test]
    #[should_panic(expected = "`actual` has 1 elements, `expected` has 0")]
    fn lengths_must_agree() {
        assert_close(&[1.0f32], &[], Tolerance::absolute(1e9));
    }

    #[test]
    fn same_bits_pass() {
        assert_same_bits(&[-0.0, f32::NAN, 1.0], &[-0.0, f32::NAN, 1.0]);
    }

    #[test]
    #[should_panic(expected = "1 of 2 elements differ in their bits; first at index 1: \
                               actual 0.0 (0x00000000), expected -0.0 (0x80000000)")]
    fn signs_of_zero_are_bits() {
        assert_same_bits(&[1.0, 0.0], &[1.0, -0.0]);
    }
}
