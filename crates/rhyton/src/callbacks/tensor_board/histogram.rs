/// How many buckets a histogram has.
const BUCKETS: usize = 30;

/// Buckets of equal width from the smallest value to the largest: left edge, right edge, count.
/// Where all values are equal, the last bucket counts them; where there are none, all is 0.
///
/// Source: TensorBoard 2.21 `plugins/histogram/summary_v2.py`.
pub(super) fn buckets(values: &[f64]) -> [[f64; 3]; BUCKETS] {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let Some(min) = finite().reduce(f64::min) else { return [[0.0; 3]; BUCKETS] };
    let max = finite().fold(min, f64::max);
    let width = (max - min) / BUCKETS as f64;
    let edge = |place: usize| if place == BUCKETS { max } else { min + width * place as f64 };
    let mut buckets = std::array::from_fn(|place| [edge(place), edge(place + 1), 0.0]);
    for value in finite() {
        // Equal values give 0/0, which counts in the last.
        let offset = (value - min) / width;
        let place = if offset.is_nan() { BUCKETS - 1 } else { offset as usize };
        buckets[place.min(BUCKETS - 1)][2] += 1.0;
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_between_edges() {
        let values: Vec<f64> = (0..=60).map(f64::from).collect();
        let found = buckets(&values);
        assert_eq!(found[0], [0.0, 2.0, 2.0]);
        assert_eq!(found[29], [58.0, 60.0, 3.0]);
        let with_others = [&values[..], &[f64::NAN, f64::INFINITY]].concat();
        assert_eq!(buckets(&with_others), found);
    }

    #[test]
    fn equal_values_and_none() {
        let found = buckets(&[0.5; 4]);
        assert_eq!((found[0], found[29]), ([0.5, 0.5, 0.0], [0.5, 0.5, 4.0]));
        assert_eq!(buckets(&[]), [[0.0; 3]; BUCKETS]);
        assert_eq!(buckets(&[f64::NAN]), [[0.0; 3]; BUCKETS]);
    }
}
