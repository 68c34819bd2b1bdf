use std::fmt;

use rhyton_graph::Tensor;

use super::{ACTIVATIONS, definition};

/// A built-in activation: a definition, what is known of it, and how Keras writes it.
#[derive(Debug)]
pub struct BuiltIn {
    /// The name, Keras' where Keras has one.
    pub name: &'static str,
    /// Other names of the same definition; Keras' files use the first in place of the name.
    pub aliases: &'static [&'static str],
    /// The parameters with their defaults and ranges.
    pub parameters: &'static [BuiltInParameter],
    /// The definition itself.
    pub formula: Formula,
    /// Shorter definitions for certain values of parameters, equal there and cheaper.
    pub special_cases: &'static [(&'static [(&'static str, f64)], &'static str)],
    /// The layer that Keras has for it, with that layer's own defaults.
    pub keras_layer: Option<(&'static str, &'static [(&'static str, f64)])>,
    /// Whether float32 all through would miss 4 ULP somewhere, in the value or the derivative, so
    /// that it is computed in float64 between float32 inputs and results; a special case that is one
    /// function of the language alone never is.
    pub wide: bool,
    /// What it gives where it has no ordinary input, with default parameters; `None` over an axis.
    pub limits: Option<Limits>,
    /// Where its least value is and what that is, with default parameters; where it has one inside.
    pub minimum: Option<(f64, f64)>,
    /// What one may take it for, and is wrong: other tools' defaults, names and values.
    pub traps: &'static [&'static str],
    /// Where it comes from.
    pub source: &'static str,
}

/// A parameter of a built-in activation.
#[derive(Debug, Clone, Copy)]
pub struct BuiltInParameter {
    /// Its name.
    pub name: &'static str,
    /// Its value if none is given.
    pub default: f64,
    /// The values for which the definition makes sense.
    pub range: ParameterRange,
    /// Whether it is meant to be trained, with a value for each channel.
    pub per_channel: bool,
}

/// The values that a parameter can have; never NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParameterRange {
    /// Any finite number.
    Any,
    /// Any finite number but 0.
    NotZero,
    /// Finite numbers above this one.
    Above(f64),
    /// Finite numbers from this one on.
    AtLeast(f64),
    /// Numbers from the first to the second, both included, infinity too if it is named.
    Between(f64, f64),
    /// Whole numbers from this one on.
    WholeFrom(f64),
}

/// How near to the open end of a range training may bring a parameter.
const NEAREST: f64 = 1e-6;

/// What an activation gives where it has no ordinary input; NaN where its formula has no value,
/// such as inf · 0.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At −inf.
    pub at_minus_infinity: f64,
    /// At +inf.
    pub at_infinity: f64,
    /// At NaN.
    pub at_nan: f64,
}

/// What a built-in activation computes.
#[derive(Debug, Clone, Copy)]
pub enum Formula {
    /// A text in the expression language, of one element or over an axis.
    Expression(&'static str),
    /// A function over an axis that changes the shape, which no expression can; from the values of
    /// the parameters in their order, described for people.
    Function(&'static str, AxisFunction),
}

/// A function of a tensor and the values of an activation's parameters.
pub type AxisFunction = fn(&Tensor, &[f64]) -> Tensor;

pub(super) const fn expression(text: &'static str) -> Formula {
    Formula::Expression(text)
}

pub(super) const fn function(text: &'static str, function: AxisFunction) -> Formula {
    Formula::Function(text, function)
}

pub(super) const fn parameter(name: &'static str, default: f64) -> BuiltInParameter {
    BuiltInParameter { name, default, range: ParameterRange::Any, per_channel: false }
}

/// The axis that a function works along, by its place; negative ones count from the end.
pub(super) const AXIS: BuiltInParameter =
    parameter(definition::AXIS, -1.0).within(ParameterRange::WholeFrom(f64::NEG_INFINITY));

impl BuiltInParameter {
    const fn within(self, range: ParameterRange) -> Self {
        Self { range, ..self }
    }

    pub(super) const fn not_zero(self) -> Self {
        self.within(ParameterRange::NotZero)
    }

    pub(super) const fn above(self, low: f64) -> Self {
        self.within(ParameterRange::Above(low))
    }

    pub(super) const fn at_least(self, low: f64) -> Self {
        self.within(ParameterRange::AtLeast(low))
    }

    pub(super) const fn between(self, low: f64, high: f64) -> Self {
        self.within(ParameterRange::Between(low, high))
    }

    pub(super) const fn whole_from(self, low: f64) -> Self {
        self.within(ParameterRange::WholeFrom(low))
    }

    pub(super) const fn per_channel(self) -> Self {
        Self { per_channel: true, ..self }
    }
}

impl ParameterRange {
    /// Whether a parameter can have this value.
    pub fn contains(self, value: f64) -> bool {
        match self {
            Self::Any => value.is_finite(),
            Self::NotZero => value.is_finite() && value != 0.0,
            Self::Above(low) => value.is_finite() && value > low,
            Self::AtLeast(low) => value.is_finite() && value >= low,
            Self::Between(low, high) => (low..=high).contains(&value),
            Self::WholeFrom(low) => value.is_finite() && value >= low && value.fract() == 0.0,
        }
    }
}

impl ParameterRange {
    /// The least and the greatest value that keep what is trained from `initial` in the range;
    /// `None` where training can't: steps do not end at whole numbers.
    pub(super) fn kept(self, initial: f64) -> Option<[f64; 2]> {
        let (least, greatest) = (f64::NEG_INFINITY, f64::INFINITY);
        match self {
            Self::Any => Some([least, greatest]),
            Self::NotZero if initial < 0.0 => Some([least, -NEAREST.min(-initial)]),
            Self::NotZero => Some([NEAREST.min(initial), greatest]),
            Self::Above(low) => Some([(low + NEAREST).min(initial), greatest]),
            Self::AtLeast(low) => Some([low, greatest]),
            Self::Between(low, high) => Some([low, high]),
            Self::WholeFrom(_) => None,
        }
    }
}

impl fmt::Display for ParameterRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any number"),
            Self::NotZero => f.write_str("a number other than 0"),
            Self::Above(low) => write!(f, "a number > {low}"),
            Self::AtLeast(low) => write!(f, "a number >= {low}"),
            Self::Between(low, high) => write!(f, "a number from {low} to {high}"),
            Self::WholeFrom(f64::NEG_INFINITY) => f.write_str("a whole number"),
            Self::WholeFrom(low) => write!(f, "a whole number >= {low}"),
        }
    }
}

impl Limits {
    /// The limits at −inf and at +inf; NaN gives NaN.
    pub(super) const fn at_infinity(minus: f64, plus: f64) -> Self {
        Self { at_minus_infinity: minus, at_infinity: plus, at_nan: f64::NAN }
    }

    /// As [`Limits::at_infinity`], where a comparison swallows NaN.
    pub(super) const fn with_nan(minus: f64, plus: f64, nan: f64) -> Self {
        Self { at_minus_infinity: minus, at_infinity: plus, at_nan: nan }
    }
}

impl BuiltIn {
    /// What most definitions leave out.
    pub(super) const DEFAULT: Self = Self {
        name: "",
        aliases: &[],
        parameters: &[],
        formula: Formula::Expression("x"),
        special_cases: &[],
        keras_layer: None,
        wide: false,
        limits: None,
        minimum: None,
        traps: &[],
        source: "",
    };

    /// The built-in with a name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        ACTIVATIONS.iter().find(|builtin| builtin.name == name || builtin.aliases.contains(&name))
    }

    /// The name that Keras' files use: the alias, where Keras prefers it.
    pub fn keras_name(&self) -> &'static str {
        self.aliases.iter().find(|&&alias| alias == "silu").copied().unwrap_or(self.name)
    }

    /// The formula as people read it.
    pub fn text(&self) -> &'static str {
        match self.formula {
            Formula::Expression(text) | Formula::Function(text, _) => text,
        }
    }

    /// `elementwise`; `channel` where a parameter is meant to be trained for each channel; `axis`.
    pub fn kind(&self) -> &'static str {
        let some = |holds: fn(&BuiltInParameter) -> bool| self.parameters.iter().any(holds);
        match () {
            () if some(|parameter| parameter.name == AXIS.name) => "axis",
            () if some(|parameter| parameter.per_channel) => "channel",
            () => "elementwise",
        }
    }

    /// The values that a parameter can have; `None` for a name that is none of its parameters.
    pub fn range(&self, parameter: &str) -> Option<ParameterRange> {
        let mut parameters = self.parameters.iter();
        parameters.find(|known| known.name == parameter).map(|known| known.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_stays_in_ranges() {
        let free = [f64::NEG_INFINITY, f64::INFINITY];
        assert_eq!(ParameterRange::Any.kept(3.0), Some(free));
        assert_eq!(ParameterRange::NotZero.kept(3.0), Some([1e-6, f64::INFINITY]));
        assert_eq!(ParameterRange::NotZero.kept(-3.0), Some([f64::NEG_INFINITY, -1e-6]));
        assert_eq!(ParameterRange::Above(1.0).kept(1.5), Some([1.000_001, f64::INFINITY]));
        assert_eq!(ParameterRange::AtLeast(1.0).kept(1.5), Some([1.0, f64::INFINITY]));
        assert_eq!(ParameterRange::Between(0.0, 2.0).kept(1.5), Some([0.0, 2.0]));
        assert_eq!(ParameterRange::WholeFrom(1.0).kept(2.0), None);
    }

    #[test]
    fn ranges_say_what_they_hold() {
        let cases = [
            (ParameterRange::Any, -3.0, f64::INFINITY, "any number"),
            (ParameterRange::NotZero, -3.0, 0.0, "a number other than 0"),
            (ParameterRange::Above(0.0), 1e-9, 0.0, "a number > 0"),
            (ParameterRange::AtLeast(0.0), 0.0, -1e-9, "a number >= 0"),
            (ParameterRange::Between(0.0, 1.0), 1.0, 1.5, "a number from 0 to 1"),
            (ParameterRange::WholeFrom(1.0), 2.0, 2.5, "a whole number >= 1"),
            (AXIS.range, -1.0, 0.5, "a whole number"),
        ];
        for (range, inside, outside, text) in cases {
            assert!(range.contains(inside) && !range.contains(outside), "{range:?}");
            assert!(!range.contains(f64::NAN), "{range:?}");
            assert_eq!(range.to_string(), text);
        }
        assert!(ParameterRange::Between(0.0, f64::INFINITY).contains(f64::INFINITY));
        assert_eq!(BuiltIn::find("silu").unwrap().range("beta"), Some(ParameterRange::Any));
        assert_eq!(BuiltIn::find("silu").unwrap().range("alpha"), None);
    }
}
