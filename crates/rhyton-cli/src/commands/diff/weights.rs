use std::collections::{BTreeMap, BTreeSet};

use rhyton::Array;

/// A weight that differs.
#[derive(Debug, PartialEq)]
pub(super) struct WeightDifference {
    /// The path: `dense/kernel`.
    pub(super) name: String,
    /// Element type and shape on either side; `None` where it is absent.
    pub(super) a: Option<String>,
    pub(super) b: Option<String>,
    /// The largest difference of two elements, if types and shapes are equal; NaN where only one
    /// of them is NaN.
    pub(super) largest: Option<f64>,
}

/// All weights in which two files differ, by name.
pub(super) fn differences(
    a: &BTreeMap<String, Array>,
    b: &BTreeMap<String, Array>,
) -> Vec<WeightDifference> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter_map(|name| difference(name, a.get(name), b.get(name))).collect()
}

fn difference(name: &str, a: Option<&Array>, b: Option<&Array>) -> Option<WeightDifference> {
    let shown = |array: &Array| format!("{}{:?}", array.dtype(), array.shape());
    let largest = match (a, b) {
        (Some(a), Some(b)) if a.dtype() == b.dtype() && a.shape() == b.shape() => {
            Some(largest(a, b)?)
        }
        _ => None,
    };
    Some(WeightDifference { name: name.to_owned(), a: a.map(shown), b: b.map(shown), largest })
}

/// The largest difference, `None` if all elements are equal; two NaN are.
fn largest(a: &Array, b: &Array) -> Option<f64> {
    if a.bytes() == b.bytes() {
        return None;
    }
    let pairs = a.to_f64().into_iter().zip(b.to_f64());
    let unequal = pairs.filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan()));
    let distances = unequal.map(|(a, b)| (a - b).abs());
    distances.reduce(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(arrays: &[(&str, &[f32])]) -> BTreeMap<String, Array> {
        let array = |values: &[f32]| Array::from_slice(&[values.len()], values).unwrap();
        arrays.iter().map(|(name, values)| ((*name).to_owned(), array(values))).collect()
    }

    #[test]
    fn what_differs_is_found() {
        const NAN: f32 = f32::NAN;
        let a = side(&[
            ("a", &[1.0, 2.0]),
            ("b", &[0.0, NAN]),
            ("c", &[1.0]),
            ("d", &[1.0]),
            ("e", &[NAN]),
        ]);
        let b = side(&[
            ("a", &[1.0, 4.5]),
            ("b", &[-0.0, NAN]),
            ("c", &[1.0, 2.0]),
            ("e", &[1.0]),
            ("f", &[]),
        ]);
        let found = differences(&a, &b);
        let names: Vec<&str> = found.iter().map(|difference| difference.name.as_str()).collect();
        assert_eq!(names, ["a", "c", "d", "e", "f"]);
        assert_eq!(found[0].largest, Some(2.5));
        assert_eq!(
            (found[1].a.as_deref(), found[1].b.as_deref()),
            (Some("float32[1]"), Some("float32[2]"))
        );
        assert_eq!((found[2].b.as_deref(), found[2].largest), (None, None));
        assert!(found[3].largest.unwrap().is_nan());
        assert!(differences(&a, &a).is_empty());
    }
}
