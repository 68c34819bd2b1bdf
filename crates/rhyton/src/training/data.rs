use std::collections::{BTreeMap, BTreeSet};

use rhyton_data::{Column, Rows};
use rhyton_tensor::Array;

use crate::arrays::Arrays;
use crate::prediction::data_error;
use crate::{Error, Result};

/// Rows that are looked at together where they stay in a file.
pub(super) const CHUNK_ROWS: usize = 16_384;

/// Everything a step takes: inputs, targets, and weights of samples.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples<'a> {
    pub(crate) inputs: Arrays<'a>,
    pub(crate) targets: Arrays<'a>,
    /// None, one for all targets, or one for each.
    pub(crate) sample_weights: Arrays<'a>,
}

impl<'a> Samples<'a> {
    /// All arrays with names for messages, in the order in which programs take them.
    pub(crate) fn named(&self) -> Vec<(String, Rows<'a>)> {
        let inputs = self.inputs.0.iter().enumerate().map(|(i, array)| (format!("x{i}"), *array));
        let targets = self.targets.0.iter().enumerate().map(|(i, array)| (format!("y{i}"), *array));
        let weights = self.sample_weights.0.iter().enumerate();
        let several = self.sample_weights.0.len() > 1;
        let name =
            |i| if several { format!("sample_weight{i}") } else { "sample_weight".to_owned() };
        let weights = weights.map(|(i, array)| (name(i), *array));
        inputs.chain(targets).chain(weights).collect()
    }

    pub(crate) fn rows(&self) -> usize {
        self.inputs.0.first().map_or(0, |rows| rows.count())
    }
}

/// Arrays cut at a row: the training part and the validation part.
pub(crate) fn split(arrays: &Arrays<'_>, at: usize) -> Result<(Vec<Column>, Vec<Column>)> {
    let mut parts = (Vec::new(), Vec::new());
    let cut = |rows: &Rows<'_>, start, end| {
        rows.slice(start, end).map_err(|error| data_error("fit", &error))
    };
    for rows in &arrays.0 {
        parts.0.push(cut(rows, 0, at)?);
        parts.1.push(cut(rows, at, rows.count())?);
    }
    Ok(parts)
}

/// The weight of each sample by the class of its target, as Keras finds the class: the largest of a
/// row, or a number, rounded. Classes without a weight count once.
pub(crate) fn class_weights(targets: &Arrays<'_>, weights: &BTreeMap<i64, f64>) -> Result<Array> {
    if let Some((class, weight)) = weights.iter().find(|(_, w)| !(0.0..f64::INFINITY).contains(*w))
    {
        let received = format!("{weight} for class {class}");
        return Err(Error::data("fit", "class_weight", "finite numbers of at least 0", received));
    }
    let [target] = targets.0[..] else {
        let expected = "targets of a single output";
        return Err(Error::data("fit", "class_weight", expected, targets.0.len()));
    };
    let width = match target.shape() {
        [_] => 1,
        [_, width] => *width,
        shape => {
            let expected = "targets of shape [N] or [N, classes]";
            return Err(Error::data("fit", "class_weight", expected, format!("{shape:?}")));
        }
    };
    let class = |row: &[f64]| match row {
        [number] => number.round_ties_even() as i64,
        _ => (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best }) as i64,
    };
    let mut absent: BTreeSet<i64> = weights.keys().copied().collect();
    let mut of_row = |row: &[f64]| {
        let class = class(row);
        absent.remove(&class);
        weights.get(&class).map_or(1.0, |&weight| weight as f32)
    };
    let mut found: Vec<f32> = Vec::with_capacity(target.count());
    let mut chunks = target.chunks(CHUNK_ROWS);
    while let Some((_, chunk)) = chunks.next_chunk().map_err(|e| data_error("fit", &e))? {
        found.extend(chunk.to_f64().chunks_exact(width.max(1)).map(&mut of_row));
    }
    let absent: Vec<String> = absent.iter().map(ToString::to_string).collect();
    if !absent.is_empty() {
        let absent = absent.join(", ");
        crate::notices::once(&format!("class_weight: no sample is of class {absent}"));
    }
    Ok(Array::from_slice(&[found.len()], &found)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_as_in_keras() {
        let weights = BTreeMap::from([(0, 0.5), (2, 3.0)]);
        let found = |array: Array| {
            class_weights(&Arrays::from(&array), &weights).map(|found| found.to_f64())
        };
        let numbers = Array::from_slice(&[4], &[2_i32, 0, 1, 2]).unwrap();
        assert_eq!(found(numbers).unwrap(), [3.0, 0.5, 1.0, 3.0]);
        let column = Array::from_slice(&[2, 1], &[1.9_f32, 0.5]).unwrap();
        assert_eq!(found(column).unwrap(), [3.0, 0.5]);
        let rows = Array::from_slice(&[2, 3], &[0.0_f32, 0.1, 0.9, 1.0, 1.0, 0.0]).unwrap();
        assert_eq!(found(rows).unwrap(), [3.0, 0.5]);
        crate::notices::tests::heard();
        assert_eq!(found(Array::from_slice(&[1], &[2_i32]).unwrap()).unwrap(), [3.0]);
        assert_eq!(
            crate::notices::tests::heard(),
            "rhyton: class_weight: no sample is of class 0\n"
        );
        let images = Array::zeros(rhyton_tensor::DType::F32, &[2, 3, 3]);
        let negative = class_weights(&Arrays::from(&images), &BTreeMap::from([(1, -1.0)]));
        insta::assert_snapshot!(negative.unwrap_err(), @"fit: class_weight expected finite numbers of at least 0, received -1 for class 1");
        insta::assert_snapshot!(found(images).unwrap_err(), @"fit: class_weight expected targets of shape [N] or [N, classes], received [2, 3, 3]");
    }
}
