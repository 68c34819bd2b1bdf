//! Values in f64: the oracle for every faster way.

use crate::error::Error;
use crate::nearest::nearest_names;
use crate::syntax::{Binary, Expression, Node};

impl Expression {
    /// The value at `x`.
    ///
    /// `parameters` are values in the order of [`Expression::parameters`]; those missing at the end
    /// take their defaults, so `&[]` means all defaults.
    pub fn evaluate(&self, x: f64, parameters: &[f64]) -> f64 {
        let mut values = vec![0.0; self.nodes.len()];
        self.evaluate_into(x, parameters, &mut values)
    }

    /// The values at every `x`, into `out`; parameters as for [`Expression::evaluate`].
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn evaluate_slice(&self, x: &[f64], parameters: &[f64], out: &mut [f64]) {
        assert_eq!(x.len(), out.len(), "one result for each input");
        let mut values = vec![0.0; self.nodes.len()];
        for (x, out) in x.iter().zip(out) {
            *out = self.evaluate_into(*x, parameters, &mut values);
        }
    }

    /// Values in the order that [`Expression::evaluate`] takes: the defaults, but for those given.
    ///
    /// # Errors
    /// A name that the expression does not have.
    pub fn parameter_values(&self, given: &[(&str, f64)]) -> Result<Vec<f64>, Error> {
        let mut values: Vec<f64> = self.parameters.iter().map(|p| p.default).collect();
        for (name, value) in given {
            values[self.required_parameter(name)?] = *value;
        }
        Ok(values)
    }

    /// The same expression with another default for a parameter.
    ///
    /// # Errors
    /// A name that the expression does not have; NaN.
    pub fn with_default(&self, name: &str, value: f64) -> Result<Self, Error> {
        let index = self.required_parameter(name)?;
        if value.is_nan() {
            return Err(Error::ParameterIsNan { name: name.to_owned() });
        }
        let mut changed = self.clone();
        changed.parameters[index].default = value;
        Ok(changed)
    }

    pub(crate) fn required_parameter(&self, name: &str) -> Result<usize, Error> {
        self.parameter_index(name).ok_or_else(|| Error::UnknownParameter {
            name: name.to_owned(),
            expected: self.parameters.iter().map(|p| p.name.clone()).collect(),
            nearest: nearest_names(name, self.parameters.iter().map(|p| p.name.as_str())),
        })
    }

    fn evaluate_into(&self, x: f64, parameters: &[f64], values: &mut [f64]) -> f64 {
        for (index, node) in self.nodes.iter().enumerate() {
            values[index] = match *node {
                Node::Constant(number) => number.value(),
                Node::Input => x,
                Node::Parameter(p) => {
                    parameters.get(p).copied().unwrap_or(self.parameters[p].default)
                }
                Node::Negate(a) => -values[a.index()],
                Node::Not(a) => 1.0 - values[a.index()],
                Node::Function(function, a) => function.evaluate(values[a.index()]),
                Node::Binary(binary, a, b) => binary.evaluate(values[a.index()], values[b.index()]),
                Node::Select { condition, then, otherwise } => {
                    let chosen = if values[condition.index()] == 1.0 { then } else { otherwise };
                    values[chosen.index()]
                }
            };
        }
        values[self.root.index()]
    }
}

impl Binary {
    /// Value in f64; conditions are 1 or 0.
    pub fn evaluate(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Power => a.powf(b),
            Self::Maximum if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Maximum => a.max(b),
            Self::Minimum if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Minimum => a.min(b),
            Self::Less => f64::from(a < b),
            Self::LessEqual => f64::from(a <= b),
            Self::Greater => f64::from(a > b),
            Self::GreaterEqual => f64::from(a >= b),
            Self::Equal => f64::from(a == b),
            Self::NotEqual => f64::from(a != b),
            Self::And => a * b,
            Self::Or => a.max(b),
        }
    }
}
