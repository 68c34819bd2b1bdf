use serde::{Deserialize, Serialize};

/// A setting that Keras takes as nothing, a number or a list of numbers, and writes as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, from = "Written<T>", bound(deserialize = "T: serde::de::DeserializeOwned"))]
pub enum Numbers<T> {
    /// Nothing.
    #[default]
    Unset,
    /// One number.
    One(T),
    /// A list, which may have one number only.
    Several(Vec<T>),
}

/// What stands in configurations; a tuple is `{"class_name": "__tuple__", "items": […]}`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "null, a number or a list of numbers")]
enum Written<T> {
    Unset(()),
    One(T),
    Several(Vec<T>),
    Tuple { items: Vec<T> },
}

impl<T> Numbers<T> {
    /// The numbers, or `None` for nothing.
    pub fn get(&self) -> Option<&[T]> {
        match self {
            Self::Unset => None,
            Self::One(number) => Some(std::slice::from_ref(number)),
            Self::Several(numbers) => Some(numbers),
        }
    }
}

impl<T> From<T> for Numbers<T> {
    fn from(number: T) -> Self {
        Self::One(number)
    }
}

impl<T> From<Vec<T>> for Numbers<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::Several(numbers)
    }
}

impl<T, const COUNT: usize> From<[T; COUNT]> for Numbers<T> {
    fn from(numbers: [T; COUNT]) -> Self {
        Self::Several(numbers.into())
    }
}

impl<T> From<Written<T>> for Numbers<T> {
    fn from(written: Written<T>) -> Self {
        match written {
            Written::Unset(()) => Self::Unset,
            Written::One(number) => Self::One(number),
            Written::Several(numbers) | Written::Tuple { items: numbers } => Self::Several(numbers),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for written in [json!(null), json!(0.5), json!([0.5]), json!([0.25, 0.75])] {
            let numbers: Numbers<f64> = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&numbers).unwrap(), written);
        }
        let tuple: Value = json!({"class_name": "__tuple__", "items": [1, 2]});
        let numbers: Numbers<isize> = serde_json::from_value(tuple).unwrap();
        assert_eq!(numbers.get(), Some([1, 2].as_slice()));
        let error = serde_json::from_value::<Numbers<f64>>(json!("half")).unwrap_err();
        assert_eq!(error.to_string(), "null, a number or a list of numbers");
    }
}
