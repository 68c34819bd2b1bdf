use std::sync::Arc;

use rhyton_expression::{Expression, Lowering, ascii_name};
use rhyton_graph::Tensor;

use super::definition::AXIS;
use super::{Body, BuiltIn, Definition, Parameter, lookup};
use crate::objects::nearest;
use crate::{Error, Result};

/// A definition with a value for each of its parameters.
#[derive(Debug, Clone)]
pub struct Bound {
    /// What is computed.
    pub(crate) definition: Arc<Definition>,
    /// The parameters in the definition's order.
    pub(crate) parameters: Vec<(String, Parameter)>,
    /// Whether it is computed in float64 and rounded once.
    pub(crate) exact: bool,
}

impl Bound {
    pub(crate) fn new(definition: Arc<Definition>) -> Self {
        let parameters = definition
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), Parameter::Fixed(*value)))
            .collect();
        Self { definition, parameters, exact: false }
    }

    pub(crate) fn with(mut self, name: &str, value: Parameter) -> Result<Self> {
        let place = |name: &str| self.parameters.iter().position(|(known, _)| known == name);
        let found = place(name).or_else(|| place(&ascii_name(name)));
        let Some(place) = found else {
            let names: Vec<&str> = self.parameters.iter().map(|(n, _)| n.as_str()).collect();
            let near = nearest(name, names.iter().copied());
            let expected = match (names.as_slice(), near.as_slice()) {
                ([], _) => "no parameters".to_owned(),
                (_, []) => format!("one of {}", names.join(", ")),
                (_, near) => {
                    format!("one of {} (did you mean {}?)", names.join(", "), near.join(", "))
                }
            };
            return Err(Error::config(self.definition.key(), "parameter", expected, name));
        };
        if self.parameters[place].0 == AXIS && self.definition.is_over_axis() {
            let whole = matches!(value, Parameter::Fixed(axis) if axis.fract() == 0.0);
            if !whole {
                let expected = "a whole number, counted from the back if negative";
                return Err(Error::config(self.definition.key(), AXIS, expected, value));
            }
        }
        self.parameters[place].1 = self.within_range(&self.parameters[place].0, value)?;
        Ok(self)
    }

    /// The value, if the built-in's range for the parameter holds it; what is trained without
    /// bounds of its own is kept in the range.
    fn within_range(&self, name: &str, value: Parameter) -> Result<Parameter> {
        let Some(range) = self.builtin().and_then(|builtin| builtin.range(name)) else {
            return Ok(value);
        };
        let refuse = || Error::config(self.definition.key(), name, range.to_string(), value);
        if !range.contains(value.value()) {
            return Err(refuse());
        }
        let Parameter::Trainable(trainable) = value else { return Ok(value) };
        let [min, max] = range.kept(trainable.initial).ok_or_else(refuse)?;
        let free = trainable.is_free();
        Ok(if free { trainable.min(min).max(max) } else { trainable }.into())
    }

    /// The axis of functions over an axis.
    fn axis(&self) -> isize {
        let axis = self.parameters.iter().find(|(name, _)| name == AXIS);
        axis.map_or(-1.0, |(_, value)| value.value()) as isize
    }

    /// The value for an input and one tensor for each parameter.
    ///
    /// # Errors
    /// What its function refuses.
    pub(crate) fn apply(&self, x: &Tensor, parameters: &[Tensor]) -> Result<Tensor> {
        let wide = self.builtin().is_some_and(|builtin| builtin.wide);
        let lowering = Lowering { axis: self.axis(), exact: self.exact || wide };
        if let Some(expression) = self.special_case() {
            let exact = self.exact || (wide && !is_accurate(&expression));
            return Ok(expression.lower_with(x, &[], Lowering { exact, ..lowering }).checked()?);
        }
        match &self.definition.body {
            Body::Expression(expression) => {
                let own = &parameters[..expression.parameters().len()];
                Ok(expression.lower_with(x, own, lowering).checked()?)
            }
            Body::OverAxis(_, function) => {
                let values: Vec<f64> =
                    self.parameters.iter().map(|(_, value)| value.value()).collect();
                Ok(function(x, &values).checked()?)
            }
            Body::Function(_) | Body::Saved(_) => self.definition.apply(x, parameters),
        }
    }

    /// Whether all parameters are fixed at their defaults.
    pub(crate) fn is_default(&self) -> bool {
        let defaults = &self.definition.parameters;
        self.parameters
            .iter()
            .zip(defaults)
            .all(|((_, value), (_, default))| *value == Parameter::Fixed(*default))
    }

    /// The built-in behind the definition, if it is one.
    pub(crate) fn builtin(&self) -> Option<&'static BuiltIn> {
        let builtin = BuiltIn::find(&self.definition.name)?;
        let known = lookup::builtin(builtin.name)?;
        Arc::ptr_eq(&known, &self.definition).then_some(builtin)
    }

    /// The cheaper definition for these values of the parameters, if the built-in states one.
    pub(crate) fn special_case(&self) -> Option<Expression> {
        let builtin = self.builtin()?;
        let holds = |(name, value): &(&str, f64)| {
            self.parameters.iter().any(|(n, p)| n == name && *p == Parameter::Fixed(*value))
        };
        let (_, text) =
            builtin.special_cases.iter().find(|(values, _)| values.iter().all(holds))?;
        let expression = self.bind_text(text)?;
        Some(expression)
    }

    /// A special case's text with the remaining parameters put in as numbers.
    fn bind_text(&self, text: &str) -> Option<Expression> {
        let mut source = String::new();
        for (name, parameter) in &self.parameters {
            match parameter {
                Parameter::Fixed(value) => {
                    let value = super::definition::number(*value);
                    source.extend([format!("{name} = {value}; ")]);
                }
                Parameter::Trainable(_) => return None,
            }
        }
        let expression = Expression::parse(&format!("{source}{text}")).ok()?;
        expression.parameters().is_empty().then_some(expression)
    }
}

/// `name(parameter=value, …)` of a known name, where a value is what [`Parameter::parse`] reads;
/// `None` for any other text.
pub(crate) fn parse_call(text: &str) -> Result<Option<Bound>> {
    let Some((name, rest)) = text.split_once('(') else { return Ok(None) };
    let name = name.trim();
    let (Some(inside), Some(definition)) = (rest.trim_end().strip_suffix(')'), lookup::find(name))
    else {
        return Ok(None);
    };
    let Some(arguments) = split_arguments(inside) else { return Ok(None) };
    let mut bound = Bound::new(definition);
    let mut given = Vec::new();
    for argument in arguments {
        let Some((key, value)) = argument.split_once('=') else { return Ok(None) };
        let key = key.trim();
        if !key.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Ok(None);
        }
        bound = bound.with(key, Parameter::parse(name, key, value.trim())?)?;
        if given.contains(&key) {
            let expected = "one value for each parameter";
            return Err(Error::config(name, key, expected, "two"));
        }
        given.push(key);
    }
    Ok(Some(bound))
}

/// The arguments between the outer parentheses; `None` if those do not match.
pub(crate) fn split_arguments(inside: &str) -> Option<Vec<&str>> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (place, c) in inside.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[start..place]);
                start = place + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    parts.push(&inside[start..]);
    (depth == 0).then_some(parts)
}

/// Whether an expression is within 4 ULP in the input's own type: one function alone, or the product
/// that the native engine has kernels of its own for, value and slope.
fn is_accurate(expression: &Expression) -> bool {
    expression.nodes().len() <= 2 || expression.to_string() == "x * sigmoid(x)"
}
