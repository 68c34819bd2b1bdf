use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Sizes of an output's axes, open where the input says them. Keras' forms are read: a number, or a
/// list of numbers and nulls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputShape(pub Vec<Option<usize>>);

impl From<usize> for OutputShape {
    fn from(size: usize) -> Self {
        Self(vec![Some(size)])
    }
}

impl<const N: usize> From<[usize; N]> for OutputShape {
    fn from(sizes: [usize; N]) -> Self {
        Self(sizes.map(Some).to_vec())
    }
}

impl<const N: usize> From<[Option<usize>; N]> for OutputShape {
    fn from(sizes: [Option<usize>; N]) -> Self {
        Self(sizes.to_vec())
    }
}

impl Serialize for OutputShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OutputShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let size = |value: &Value| match value {
            Value::Null => Some(None),
            value => value.as_u64().and_then(|size| usize::try_from(size).ok()).map(Some),
        };
        let sizes: Option<Vec<Option<usize>>> = match &value {
            Value::Array(sizes) => sizes.iter().map(size).collect(),
            single => size(single).filter(Option::is_some).map(|size| vec![size]),
        };
        let expected = "expected a whole number of at least 0, or a list of such numbers and nulls";
        sizes.map(Self).ok_or_else(|| D::Error::custom(expected))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keras_forms_are_read() {
        let read = |value| serde_json::from_value::<OutputShape>(value).ok();
        assert_eq!(read(json!(3)), Some(3.into()));
        assert_eq!(read(json!([null, 3])), Some([None, Some(3)].into()));
        for wrong in [json!(null), json!(-1), json!([1.5]), json!("3")] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
        assert_eq!(
            serde_json::to_value(OutputShape::from([None, Some(3)])).unwrap(),
            json!([null, 3])
        );
    }
}
