//! Values in f64: the oracle for every faster way.

use crate::error::Error;
use crate::nearest::nearest_names;
use crate::syntax::{Binary, Expression, Node, NodeId};

impl Expression {
    /// The value at `x`; of a function over an axis, for the line that is `x` alone.
    ///
    /// `parameters` are values in the order of [`Expression::parameters`]; those missing at the end
    /// take their defaults, so `&[]` means all defaults.
    pub fn evaluate(&self, x: f64, parameters: &[f64]) -> f64 {
        let mut values = vec![0.0; self.nodes.len()];
        self.evaluate_into(x, parameters, &mut values)
    }

    /// The values of one line of elements along the axis; parameters as for
    /// [`Expression::evaluate`]. Elementwise expressions take each element by itself.
    pub fn evaluate_line(&self, x: &[f64], parameters: &[f64]) -> Vec<f64> {
        let mut values: Vec<Vec<f64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut line = vec![0.0; x.len()];
            if let Node::OverAxis(function, a) = *node {
                line.copy_from_slice(&values[a.index()]);
                function.evaluate(&mut line);
            } else {
                for (place, value) in line.iter_mut().enumerate() {
                    *value =
                        self.node_value(node, x[place], parameters, |id| values[id.index()][place]);
                }
            }
            values.push(line);
        }
        values.swap_remove(self.root.index())
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
            values[index] = self.node_value(node, x, parameters, |id| values[id.index()]);
        }
        values[self.root.index()]
    }

    /// A node's value from those of its operands; a function over an axis sees a line of one.
    fn node_value(
        &self,
        node: &Node,
        x: f64,
        parameters: &[f64],
        at: impl Fn(NodeId) -> f64,
    ) -> f64 {
        match *node {
            Node::Constant(number) => number.value(),
            Node::Input => x,
            Node::Parameter(p) => parameters.get(p).copied().unwrap_or(self.parameters[p].default),
            Node::Negate(a) => -at(a),
            Node::Not(a) => 1.0 - at(a),
            Node::Function(function, a) => function.evaluate(at(a)),
            Node::Binary(binary, a, b) => binary.evaluate(at(a), at(b)),
            Node::OverAxis(function, a) => {
                let mut line = [at(a)];
                function.evaluate(&mut line);
                line[0]
            }
            Node::Stated { value, .. } => at(value),
            Node::Select { condition, then, otherwise } => {
                at(if at(condition) == 1.0 { then } else { otherwise })
            }
        }
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
