use rhyton_tensor::Array;
use serde_json::Value;

use crate::{Error, Result};

/// What a callback keeps to go on after an interruption: values, and arrays for what is large.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallbackState {
    /// Plain values; JSON has no NaN and no infinity, see [`CallbackState::number`].
    pub values: Value,
    /// Arrays, such as weights.
    pub arrays: Vec<Array>,
}

/// More than anything counts, and far from where counting on would overflow.
const COUNT_MAX: u64 = 1 << 53;

impl From<Value> for CallbackState {
    fn from(values: Value) -> Self {
        Self { values, arrays: Vec::new() }
    }
}

impl CallbackState {
    /// A number in a form that keeps every bit: its IEEE bits in hexadecimal.
    pub fn number(value: f64) -> Value {
        Value::String(format!("{:016x}", value.to_bits()))
    }

    /// The number of [`CallbackState::number`] under a key; `None` for null.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub fn read_number(&self, key: &str) -> Result<Option<f64>> {
        match &self.values[key] {
            Value::Null => Ok(None),
            value => value
                .as_str()
                .and_then(|text| u64::from_str_radix(text, 16).ok())
                .map(|bits| Some(f64::from_bits(bits)))
                .ok_or_else(|| Error::config("state", key, "a number's 16 digits", value)),
        }
    }

    /// The count under a key.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub fn read_count(&self, key: &str) -> Result<usize> {
        let value = &self.values[key];
        let count = value.as_u64().filter(|count| *count <= COUNT_MAX);
        count
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| Error::config("state", key, "a count", value))
    }

    /// The flag under a key.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub fn read_flag(&self, key: &str) -> Result<bool> {
        let value = &self.values[key];
        value.as_bool().ok_or_else(|| Error::config("state", key, "true or false", value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_keep_their_bits() {
        for value in [0.1, -0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
            let state = CallbackState::from(json!({"best": CallbackState::number(value)}));
            assert_eq!(state.read_number("best").unwrap().unwrap().to_bits(), value.to_bits());
        }
        let state = CallbackState::from(json!({"best": null, "wait": -1}));
        assert_eq!(state.read_number("best").unwrap(), None);
        insta::assert_snapshot!(state.read_count("wait").unwrap_err(), @"state: wait expected a count, received -1");
        assert!(state.read_flag("wait").is_err() && state.read_number("wait").is_err());
        let huge = CallbackState::from(json!({"wait": u64::MAX}));
        assert!(huge.read_count("wait").is_err());
    }
}
