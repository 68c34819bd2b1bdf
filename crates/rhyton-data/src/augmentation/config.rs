use serde_json::{Map, Value};

use super::border::{Border, FillMode, Interpolation};
use super::{Augmentation, SPECS, Step, refusal};
use crate::Result;

/// Between which numbers a factor has to lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) low: f32,
    pub(super) high: f32,
}

/// The configuration of one of Keras' layers.
pub(super) struct Config<'a> {
    class_name: &'a str,
    values: &'a Map<String, Value>,
}

impl Augmentation {
    /// Steps from the JSON of Keras' layers: a list of `keras.layers.serialize(layer)`, one of them,
    /// or a `Sequential` of them. Their seeds are not used: the training's decides.
    ///
    /// # Errors
    /// [`crate::Error::Augmentation`] naming the layer and the argument.
    ///
    /// Source: Keras 3.15.1, `keras.layers.Random…`.
    pub fn from_keras(json: &Value) -> Result<Self> {
        let mut result = Self::new();
        let mut formats = Vec::new();
        for layer in layers(json)? {
            let class_name = layer.get("class_name").and_then(Value::as_str).unwrap_or_default();
            if class_name == "InputLayer" {
                continue;
            }
            let Some(spec) = SPECS.iter().find(|spec| spec.class_name == class_name) else {
                let known: Vec<&str> = SPECS.iter().map(|spec| spec.class_name).collect();
                let received = format!("`{class_name}`");
                return Err(refusal("layer", format!("one of {}", known.join(", ")), received));
            };
            let empty = Map::new();
            let values = layer.get("config").and_then(Value::as_object).unwrap_or(&empty);
            let config = Config { class_name, values };
            let step = Step { operation: (spec.read)(&config)?, border: config.border()? };
            result = result.with_step(step);
            formats.extend(config.text("data_format")?.map(str::to_owned));
        }
        result.channels_first = formats.iter().any(|format| format == "channels_first");
        if result.channels_first && formats.iter().any(|format| format != "channels_first") {
            let expected = "the same data_format in all layers";
            return Err(refusal("data_format", expected, formats.join(", ")));
        }
        Ok(result)
    }

    /// As [`Augmentation::from_keras`], from a JSON text; `file` names it in errors.
    ///
    /// # Errors
    /// [`crate::Error::Content`] with line and column for what is no JSON, and as
    /// [`Augmentation::from_keras`].
    pub fn from_keras_text(text: &str, file: &std::path::Path) -> Result<Self> {
        let json = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            let advice = "write it with json.dump([keras.layers.serialize(layer), …])";
            let origin = crate::error::Origin::new(file, &place);
            origin.content("JSON", error.to_string(), advice)
        })?;
        Self::from_keras(&json)
    }
}

fn layers(json: &Value) -> Result<Vec<&Value>> {
    if let Value::Array(list) = json {
        return Ok(list.iter().collect());
    }
    let inner = json.pointer("/config/layers").and_then(Value::as_array);
    match (inner, json) {
        (Some(list), _) => Ok(list.iter().collect()),
        (None, Value::Object(_)) => Ok(vec![json]),
        _ => Err(refusal("layers", "a list of layers' configurations", json)),
    }
}

impl Config<'_> {
    fn refuse<T>(&self, key: &str, expected: &str, received: &Value) -> Result<T> {
        Err(refusal(format!("{}: {key}", self.class_name), expected, received))
    }

    fn given(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    /// A factor: a number f, which means −f … f cut to the bounds, or a list of two.
    pub(super) fn optional_range(&self, key: &str, bounds: Bounds) -> Result<Option<(f32, f32)>> {
        let Some(value) = self.given(key) else { return Ok(None) };
        let expected =
            format!("a number, or a list of two, from {} to {}", bounds.low, bounds.high);
        let within = |value: &Value| {
            let number = value.as_f64()? as f32;
            (bounds.low..=bounds.high).contains(&number).then_some(number)
        };
        let range = match value {
            Value::Array(pair) if pair.len() == 2 => {
                within(&pair[0]).zip(within(&pair[1])).map(|(a, b)| (a.min(b), a.max(b)))
            }
            value => within(value).map(|factor| ((-factor.abs()).max(bounds.low), factor.abs())),
        };
        range.map_or_else(|| self.refuse(key, &expected, value), |range| Ok(Some(range)))
    }

    pub(super) fn range(&self, key: &str, bounds: Bounds, default: f32) -> Result<(f32, f32)> {
        Ok(self.optional_range(key, bounds)?.unwrap_or((default, default)))
    }

    pub(super) fn required_range(&self, key: &str, bounds: Bounds) -> Result<(f32, f32)> {
        match self.optional_range(key, bounds)? {
            Some(range) => Ok(range),
            None => self.refuse(key, "a number or a list of two", &Value::Null),
        }
    }

    pub(super) fn size(&self, key: &str) -> Result<usize> {
        let value = self.values.get(key).unwrap_or(&Value::Null);
        match value.as_u64() {
            Some(size @ 1..=0xFFFF) => Ok(size as usize),
            _ => self.refuse(key, "a number of pixels from 1 on", value),
        }
    }

    /// `value_range`, by default Keras' 0 … 255.
    pub(super) fn value_range(&self) -> Result<(f32, f32)> {
        let Some(value) = self.given("value_range") else { return Ok((0.0, 255.0)) };
        let number = |index: usize| value.get(index).and_then(Value::as_f64);
        match (value.as_array().map(Vec::len), number(0), number(1)) {
            (Some(2), Some(a), Some(b)) => Ok((a.min(b) as f32, a.max(b) as f32)),
            _ => self.refuse("value_range", "a list of two numbers", value),
        }
    }

    fn text(&self, key: &str) -> Result<Option<&str>> {
        match self.given(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => self.refuse(key, "a text", other),
        }
    }

    /// A value that Keras names.
    pub(super) fn name<T>(
        &self,
        key: &str,
        default: &str,
        expected: &str,
        named: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let name = self.text(key)?.unwrap_or(default);
        named(name).map_or_else(|| self.refuse(key, expected, &Value::from(name)), Ok)
    }

    fn border(&self) -> Result<Border> {
        let modes = "reflect, constant, nearest or wrap";
        let fill_value = match self.given("fill_value") {
            None => 0.0,
            Some(value) => match value.as_f64() {
                Some(number) => number as f32,
                None => return self.refuse("fill_value", "a number", value),
            },
        };
        Ok(Border {
            fill_mode: self.name("fill_mode", "reflect", modes, FillMode::named)?,
            fill_value,
            interpolation: self.name(
                "interpolation",
                "bilinear",
                "bilinear or nearest",
                Interpolation::named,
            )?,
        })
    }
}
