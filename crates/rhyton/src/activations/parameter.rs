use std::fmt;

use serde_json::{Map, Value, json};

use super::definition::number;
use crate::{Error, Result};

/// The value of a parameter of an activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parameter {
    /// A number.
    Fixed(f64),
    /// A weight that training changes.
    Trainable(Trainable),
}

/// How a parameter is trained: its first value, whether each place of an axis has its own, and what
/// it may become.
///
/// It takes no part in an optimizer's weight decay: a decayed slope would drift without regard to the
/// loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trainable {
    /// The first value.
    pub initial: f64,
    /// The axis with a value for each place; `None` for one value in all.
    pub axis: Option<isize>,
    /// The least value that a step of training leaves; default −∞.
    pub min: f64,
    /// The greatest value that a step of training leaves; default ∞.
    pub max: f64,
}

/// A parameter that training changes; one value for the layer unless it gets an axis.
pub fn trainable(initial: f64) -> Trainable {
    Trainable { initial, axis: None, min: f64::NEG_INFINITY, max: f64::INFINITY }
}

impl Trainable {
    /// With a value for each place along an axis of the activation's input: −1 for channels last.
    #[must_use]
    pub fn axis(self, axis: isize) -> Self {
        Self { axis: Some(axis), ..self }
    }

    /// Kept at or above a value, by projection after each step.
    #[must_use]
    pub fn min(self, min: f64) -> Self {
        Self { min, ..self }
    }

    /// Kept at or below a value, by projection after each step.
    #[must_use]
    pub fn max(self, max: f64) -> Self {
        Self { max, ..self }
    }

    /// Whether nothing is done after a step.
    pub(crate) fn is_free(&self) -> bool {
        self.min == f64::NEG_INFINITY && self.max == f64::INFINITY
    }

    fn check(self, owner: &str, name: &str) -> Result<Self> {
        if self.min <= self.initial && self.initial <= self.max {
            return Ok(self);
        }
        let expected =
            format!("a first value within {} and {}", number(self.min), number(self.max));
        Err(Error::config(owner, name, expected, number(self.initial)))
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trainable = match self {
            Self::Fixed(value) => return f.write_str(&number(*value)),
            Self::Trainable(trainable) => trainable,
        };
        write!(f, "trainable({}", number(trainable.initial))?;
        if let Some(axis) = trainable.axis {
            write!(f, ", axis={axis}")?;
        }
        if trainable.min != f64::NEG_INFINITY {
            write!(f, ", min={}", number(trainable.min))?;
        }
        if trainable.max != f64::INFINITY {
            write!(f, ", max={}", number(trainable.max))?;
        }
        f.write_str(")")
    }
}

impl From<f64> for Parameter {
    fn from(value: f64) -> Self {
        Self::Fixed(value)
    }
}

impl From<Trainable> for Parameter {
    fn from(value: Trainable) -> Self {
        Self::Trainable(value)
    }
}

impl Parameter {
    /// The number, or the first value of what is trained.
    pub fn value(&self) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Trainable(trainable) => trainable.initial,
        }
    }

    /// A number or `trainable(number[, axis=number][, min=number][, max=number])`; `None` for any
    /// other text.
    pub(crate) fn parse(owner: &str, name: &str, text: &str) -> Result<Self> {
        let expected = "a number or trainable(number, axis=…, min=…, max=…)";
        let refuse = || Error::config(owner, name, expected, text);
        let inside = text.strip_prefix("trainable(").and_then(|rest| rest.strip_suffix(')'));
        let Some(inside) = inside else {
            return parse_number(text).map(Self::Fixed).ok_or_else(refuse);
        };
        let mut parts = inside.split(',').map(str::trim);
        let initial =
            parts.next().and_then(|part| parse_number(part.trim_start_matches("initial=")));
        let mut parameter = trainable(initial.ok_or_else(refuse)?);
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(refuse)?;
            let value = value.trim();
            match key.trim() {
                "axis" => parameter.axis = Some(value.parse().map_err(|_not_whole| refuse())?),
                "min" => parameter.min = parse_number(value).ok_or_else(refuse)?,
                "max" => parameter.max = parse_number(value).ok_or_else(refuse)?,
                _ => return Err(refuse()),
            }
        }
        Ok(Self::Trainable(parameter.check(owner, name)?))
    }

    /// As configurations hold it: a number, or an object whose keys at their defaults are absent.
    pub(crate) fn to_json(self) -> Value {
        let exact = |value: f64| {
            if value.is_infinite() { json!(number(value)) } else { json!(value) }
        };
        let trainable = match self {
            Self::Fixed(value) => return exact(value),
            Self::Trainable(trainable) => trainable,
        };
        let mut object = Map::new();
        object.insert("trainable".to_owned(), json!(true));
        object.insert("initial".to_owned(), exact(trainable.initial));
        object.insert("axis".to_owned(), json!(trainable.axis));
        for (key, value, default) in
            [("min", trainable.min, f64::NEG_INFINITY), ("max", trainable.max, f64::INFINITY)]
        {
            if value != default {
                object.insert(key.to_owned(), exact(value));
            }
        }
        Value::Object(object)
    }

    /// What [`Parameter::to_json`] wrote; also Keras' booleans, and null for no bound.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub(crate) fn from_json(owner: &str, name: &str, value: &Value) -> Result<Self> {
        let refuse = || {
            let expected = "a number or {\"trainable\", \"initial\", \"axis\", \"min\", \"max\"}";
            Error::config(owner, name, expected, value)
        };
        let exact = |value: &Value| match value {
            Value::Number(number) => number.as_f64(),
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Value::Null => Some(f64::INFINITY),
            Value::String(text) if text == "inf" => Some(f64::INFINITY),
            Value::String(text) if text == "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        };
        let Value::Object(object) = value else {
            return exact(value).map(Self::Fixed).ok_or_else(refuse);
        };
        let initial = object.get("initial").and_then(Value::as_f64).ok_or_else(refuse)?;
        let axis = object.get("axis").and_then(Value::as_i64).map(|axis| axis as isize);
        let bound = |key: &str, default: f64| match object.get(key) {
            None => Ok(default),
            Some(value) => exact(value).ok_or_else(refuse),
        };
        let (min, max) = (bound("min", f64::NEG_INFINITY)?, bound("max", f64::INFINITY)?);
        Ok(Self::Trainable(Trainable { initial, axis, min, max }.check(owner, name)?))
    }
}

pub(crate) fn parse_number(text: &str) -> Option<f64> {
    match text {
        "None" => Some(f64::INFINITY),
        "True" | "true" => Some(1.0),
        "False" | "false" => Some(0.0),
        _ => text.parse().ok().filter(|value: &f64| !value.is_nan()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_configurations_agree() {
        let full = trainable(1.5).axis(-1).min(0.0).max(10.0);
        for (text, parameter) in [
            ("1.5", Parameter::Fixed(1.5)),
            ("None", Parameter::Fixed(f64::INFINITY)),
            ("trainable(1.5)", trainable(1.5).into()),
            ("trainable(initial=1.5, axis=-1, min=0, max=10)", full.into()),
        ] {
            assert_eq!(Parameter::parse("f", "beta", text).unwrap(), parameter);
            assert_eq!(Parameter::parse("f", "beta", &parameter.to_string()).unwrap(), parameter);
            let json = parameter.to_json();
            assert_eq!(Parameter::from_json("f", "beta", &json).unwrap(), parameter, "{json}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["much", "trainable()", "trainable(1, 2)", "trainable(1, axis=0.5)"] {
            assert!(Parameter::parse("f", "beta", text).is_err(), "{text}");
        }
        let error = Parameter::parse("f", "beta", "trainable(1, min=2)").unwrap_err();
        insta::assert_snapshot!(error, @"f: beta expected a first value within 2.0 and inf, received 1.0");
        assert!(Parameter::from_json("f", "beta", &json!({"initial": 1, "max": "x"})).is_err());
    }
}
