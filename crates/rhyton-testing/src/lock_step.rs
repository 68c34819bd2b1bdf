//! The measure of two weight tensors that should have trained alike.

/// How far one tensor is from the tensor it should equal: `max|actual − expected| / max(1, max|expected|)`.
///
/// Training in lock step with another implementation is judged per tensor by
/// `lock_step_error(ours, theirs) <= tolerance`, so a large weight may differ in proportion and a
/// tensor of small weights is not held to a relative error near zero.
///
/// A `NaN` anywhere, or an infinity that the other side does not share, gives infinity. Two empty
/// slices give 0.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn lock_step_error<T: Copy + Into<f64>>(actual: &[T], expected: &[T]) -> f64 {
    assert!(
        actual.len() == expected.len(),
        "`actual` has {} elements, `expected` has {}",
        actual.len(),
        expected.len()
    );
    let mut difference = 0.0f64;
    let mut scale = 1.0f64;
    for (&actual, &expected) in actual.iter().zip(expected) {
        let (actual, expected): (f64, f64) = (actual.into(), expected.into());
        if actual == expected && actual.is_infinite() {
            continue;
        }
        if !(actual.is_finite() && expected.is_finite()) {
            return f64::INFINITY;
        }
        difference = difference.max((actual - expected).abs());
        scale = scale.max(expected.abs());
    }
    difference / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tensors_are_measured_absolutely() {
        assert_eq!(lock_step_error(&[0.25f64, 0.5], &[0.25, 0.75]), 0.25);
    }

    #[test]
    fn large_tensors_are_measured_by_their_largest_weight() {
        assert_eq!(lock_step_error(&[101.0f32, 1.0], &[100.0, 2.0]), 0.01);
    }

    #[test]
    fn the_larger_actual_value_does_not_hide_its_error() {
        assert_eq!(lock_step_error(&[1000.0f32], &[1.0]), 999.0);
    }

    #[test]
    fn nan_and_unshared_infinities_are_infinitely_far() {
        for actual in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(lock_step_error(&[0.0, actual], &[0.0, 1.0]), f64::INFINITY);
            assert_eq!(lock_step_error(&[0.0, 1.0], &[0.0, actual]), f64::INFINITY);
        }
        assert_eq!(lock_step_error(&[f32::NAN], &[f32::NAN]), f64::INFINITY);
        assert_eq!(lock_step_error(&[f32::INFINITY, 1.0], &[f32::INFINITY, 1.5]), 0.5 / 1.5);
    }

    #[test]
    fn empty_tensors_agree() {
        assert_eq!(lock_step_error::<f32>(&[], &[]), 0.0);
    }

    #[test]
    #[should_panic(expected = "`actual` has 1 elements, `expected` has 2")]
    fn lengths_must_agree() {
        lock_step_error(&[1.0f32], &[1.0, 2.0]);
    }
}
