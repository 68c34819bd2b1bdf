use rhyton_tensor::{Array, DType};

use crate::Result;
use crate::error::Origin;

/// Labels `[n]` or `[n, 1]` as float32 rows `[n, classes]` with a one at the label;
/// `source` names the data in errors.
///
/// # Errors
/// [`crate::Error::Content`] naming the first row whose label is no integer in `0..classes`.
///
/// Source: Keras 3.15, `keras.utils.to_categorical`.
pub fn one_hot(labels: &Array, classes: usize, source: &str) -> Result<Array> {
    let mut result = Array::zeros(DType::F32, &[labels.len(), classes]);
    let rows = result.view_mut::<f32>().chunks_exact_mut(classes.max(1));
    let values = labels.to_f64();
    if let Some(row) = values.iter().position(|&label| !is_class(label, classes)) {
        let place = format!("label of sample {row}");
        let expected = format!("an integer from 0 to {}", classes.saturating_sub(1));
        let advice = "the model's last layer needs one unit per class";
        let origin = Origin::new(source.as_ref(), &place);
        return Err(origin.content(expected, values[row].to_string(), advice));
    }
    rows.zip(values).for_each(|(row, label)| row[label as usize] = 1.0);
    Ok(result)
}

fn is_class(label: f64, classes: usize) -> bool {
    label.fract() == 0.0 && (0.0..classes as f64).contains(&label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_rows() {
        let labels = Array::from_slice(&[2], &[2_u8, 0]).unwrap();
        let rows = one_hot(&labels, 3, "d.npz").unwrap();
        assert_eq!(rows, Array::from_slice(&[2, 3], &[0.0_f32, 0.0, 1.0, 1.0, 0.0, 0.0]).unwrap());
        let message = one_hot(&labels, 2, "d.npz").unwrap_err().to_string();
        insta::assert_snapshot!(message, @"d.npz: label of sample 0: expected an integer from 0 to 1, received 2; the model's last layer needs one unit per class");
        assert!(one_hot(&labels, 0, "d.npz").is_err());
    }
}
