use rhyton_graph::Tensor;
use rhyton_tensor::Array;
use serde::de::Error as _;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::layer::Call;

/// A number, or an array of numbers, in a layer's configuration: `0.5`, `[1, 2]`, `[[1], [2]]`, or
/// the object that Keras writes for a NumPy array.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Numbers {
    /// The shape: no axes for one number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The numbers as a constant of a tensor's element type.
    pub(super) fn constant(&self, cx: &Call<'_>, like: &Tensor) -> crate::Result<Tensor> {
        let array = Array::from_slice(&self.shape, &self.values)?;
        Ok(cx.constant(array.cast(like.dtype())))
    }

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(number.as_f64()?.into()),
            Value::Array(items) => {
                let items: Vec<Self> = items.iter().map(Self::read).collect::<Option<_>>()?;
                let inner = items.first().map_or_else(Vec::new, |item| item.shape.clone());
                if items.iter().any(|item| item.shape != inner) {
                    return None;
                }
                let shape = std::iter::once(items.len()).chain(inner).collect();
                Some(Self { shape, values: items.into_iter().flat_map(|i| i.values).collect() })
            }
            Value::Object(object) => Self::read(object.get("config")?.get("value")?),
            _ => None,
        }
    }

    fn write<S: Serializer>(
        serializer: S,
        shape: &[usize],
        values: &[f64],
    ) -> Result<S::Ok, S::Error> {
        let Some((&size, inner)) = shape.split_first() else {
            return values[0].serialize(serializer);
        };
        let mut list = serializer.serialize_seq(Some(size))?;
        for part in values.chunks(inner.iter().product::<usize>().max(1)) {
            list.serialize_element(&Self { shape: inner.to_vec(), values: part.to_vec() })?;
        }
        list.end()
    }
}

impl From<f64> for Numbers {
    fn from(value: f64) -> Self {
        Self { shape: Vec::new(), values: vec![value] }
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(values: Vec<f64>) -> Self {
        Self { shape: vec![values.len()], values }
    }
}

impl<const COUNT: usize> From<[f64; COUNT]> for Numbers {
    fn from(values: [f64; COUNT]) -> Self {
        values.to_vec().into()
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::write(serializer, &self.shape, &self.values)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let refuse = || D::Error::custom(format!("expected numbers in an even array, not {value}"));
        Self::read(&value).ok_or_else(refuse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_any_rank_are_read_and_written() {
        for text in ["0.5", "[1.0,2.0]", "[[1.0],[2.0],[3.0]]", "[]", "[[[1.0,2.0]]]"] {
            let numbers: Numbers = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&numbers).unwrap(), text);
        }
        let keras = r#"{"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "int64"}}"#;
        assert_eq!(serde_json::from_str::<Numbers>(keras).unwrap(), [1.0, 2.0].into());
        for text in ["[1, [2]]", "[\"a\"]", "{}", "null"] {
            assert!(serde_json::from_str::<Numbers>(text).is_err(), "{text}");
        }
    }
}
