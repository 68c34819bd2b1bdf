use super::border::{Border, FillMode, Interpolation};
use super::config::Bounds;
use super::{Augmentation, SPECS, Step, refusal};
use crate::Result;

/// A value in text, and its name for errors.
pub(super) struct Value<'a> {
    key: &'a str,
    text: &'a str,
}

/// What is no step, but holds for all.
const SETTINGS: [&str; 5] = ["fill", "fill_value", "interpolation", "value_range", "data_format"];

impl Augmentation {
    /// Steps from text, such as `rotation=10,zoom=0.1,shift=0.1,flip=horizontal`:
    ///
    /// - `rotation` in degrees, `zoom`, `shift`, `contrast`, `brightness` as shares: up to so much
    ///   either way, or `from:to`;
    /// - `flip` is `horizontal`, `vertical` or `horizontal_and_vertical`; `crop` is `24x24` pixels;
    /// - for all steps `fill` (`reflect`, `constant`, `nearest`, `wrap`), `fill_value`,
    ///   `interpolation` (`bilinear`, `nearest`), `value_range` (`0:255`), `data_format`.
    ///
    /// # Errors
    /// [`crate::Error::Augmentation`] naming the step.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut result = Self::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((key, text)) = part.split_once('=') else {
                return Err(refusal(part, "NAME=VALUE, such as rotation=10", "no value"));
            };
            let value = Value { key: key.trim(), text: text.trim() };
            match SPECS.iter().find(|spec| spec.key == value.key) {
                Some(spec) => {
                    let operation = (spec.parse)(&value)?;
                    result = result.with_step(Step { operation, border: Border::default() });
                }
                None => result.set(&value)?,
            }
        }
        let border = result.border;
        result.each_border(|step| *step = border);
        if result.is_empty() {
            return Err(refusal("steps", "at least one, such as rotation=10", "none"));
        }
        Ok(result)
    }

    fn set(&mut self, value: &Value<'_>) -> Result<()> {
        match value.key {
            "fill" => {
                let modes = "reflect, constant, nearest or wrap";
                self.border.fill_mode = value.name(modes, FillMode::named)?;
            }
            "fill_value" => self.border.fill_value = value.number()?,
            "interpolation" => {
                let ways = "bilinear or nearest";
                self.border.interpolation = value.name(ways, Interpolation::named)?;
            }
            "value_range" => {
                let any = Bounds { low: f32::MIN, high: f32::MAX };
                self.value_range = Some(value.range(any)?);
            }
            "data_format" => {
                let named = |name: &str| match name {
                    "channels_first" => Some(true),
                    "channels_last" => Some(false),
                    _ => None,
                };
                self.channels_first = value.name("channels_last or channels_first", named)?;
            }
            other => {
                let steps = SPECS.iter().map(|spec| spec.key).chain(SETTINGS);
                let known: Vec<&str> = steps.collect();
                let expected = format!("one of {}", known.join(", "));
                return Err(refusal("step", expected, format!("`{other}`")));
            }
        }
        Ok(())
    }
}

impl Value<'_> {
    fn refuse<T>(&self, expected: impl Into<String>) -> Result<T> {
        Err(refusal(self.key, expected, format!("`{}`", self.text)))
    }

    fn number(&self) -> Result<f32> {
        match self.text.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => self.refuse("a number"),
        }
    }

    /// `0.1`, which means −0.1 … 0.1, or `-0.1:0.2`.
    pub(super) fn range(&self, bounds: Bounds) -> Result<(f32, f32)> {
        let within = |text: &str| {
            let number: f32 = text.trim().parse().ok()?;
            (bounds.low..=bounds.high).contains(&number).then_some(number)
        };
        let range = match self.text.split_once(':') {
            Some((low, high)) => within(low).zip(within(high)).map(|(a, b)| (a.min(b), a.max(b))),
            None => within(self.text).map(|factor| ((-factor.abs()).max(bounds.low), factor.abs())),
        };
        range.map_or_else(
            || self.refuse(format!("a number, or FROM:TO, from {} to {}", bounds.low, bounds.high)),
            Ok,
        )
    }

    /// `24x20`, or `24` for both.
    pub(super) fn sizes(&self) -> Result<(usize, usize)> {
        let (height, width) = self.text.split_once('x').unwrap_or((self.text, self.text));
        let size = |text: &str| text.trim().parse().ok().filter(|size| (1..=0xFFFF).contains(size));
        match size(height).zip(size(width)) {
            Some(sizes) => Ok(sizes),
            None => self.refuse("pixels as HEIGHTxWIDTH, such as 24x24"),
        }
    }

    pub(super) fn name<T>(&self, expected: &str, named: impl Fn(&str) -> Option<T>) -> Result<T> {
        named(self.text).map_or_else(|| self.refuse(expected), Ok)
    }
}
