//! From an expression to a graph: one loop over the nodes, one arm a kind.
//!
//! A function over an axis cuts the expression: what stands between the cuts is elementwise and
//! brings its symbolic derivative, branch by branch; at the cuts the graph's own rules hold.

use rhyton_graph as graph;
use rhyton_graph::Tensor;
use rhyton_tensor::DType;

mod stages;

use crate::functions::Function;
use crate::syntax::{Binary, Expression, Node, NodeId, Variable};

/// How an expression becomes primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// The axis of functions over an axis.
    pub axis: isize,
    /// Whether to compute in float64 and round once: at most 1 ULP where the fast way, in the
    /// input's own type, may lose digits between its steps.
    pub exact: bool,
}

impl Default for Lowering {
    fn default() -> Self {
        Self { axis: -1, exact: false }
    }
}

impl Expression {
    /// The value of the expression as a tensor of the shape of `x`, in the type of `x`.
    ///
    /// `parameters` stand in the order of [`Expression::parameters`] and broadcast against `x`.
    /// Differentiating the result uses the symbolic derivative, branch by branch.
    ///
    /// # Panics
    /// If the number of parameters differs from the expression's.
    #[track_caller]
    pub fn lower(&self, x: &Tensor, parameters: &[Tensor]) -> Tensor {
        self.lower_with(x, parameters, Lowering::default())
    }

    /// As [`Expression::lower`], along another axis or exact.
    ///
    /// # Panics
    /// If the number of parameters differs from the expression's.
    #[track_caller]
    pub fn lower_with(&self, x: &Tensor, parameters: &[Tensor], lowering: Lowering) -> Tensor {
        assert_eq!(parameters.len(), self.parameters().len(), "one tensor for each parameter");
        if self.is_elementwise() {
            self.lower_elementwise(x, parameters, lowering.exact)
        } else {
            self.lower_stages(x, parameters, lowering)
        }
    }

    #[track_caller]
    fn lower_elementwise(&self, x: &Tensor, parameters: &[Tensor], exact: bool) -> Tensor {
        let value = self.value(x, parameters, exact);
        let mut inputs = vec![x];
        inputs.extend(parameters);
        graph::custom_gradient(&inputs, &value, |inputs, _| {
            self.derivatives(&inputs[0], &inputs[1..], exact)
        })
    }

    /// The derivatives by `x` and by each parameter, as tensors.
    fn derivatives(&self, x: &Tensor, parameters: &[Tensor], exact: bool) -> Vec<Tensor> {
        let names = self.parameters().iter().map(|p| Variable::Parameter(&p.name));
        std::iter::once(Variable::Input)
            .chain(names)
            .map(|variable| match self.derivative(variable) {
                Ok(derivative) => derivative.value(x, parameters, exact),
                Err(error) => Tensor::failed(graph::Error::Message { message: error.to_string() }),
            })
            .collect()
    }

    /// The value, for `exact` between casts to float64 and back.
    #[track_caller]
    fn value(&self, x: &Tensor, parameters: &[Tensor], exact: bool) -> Tensor {
        if !exact || x.dtype() == DType::F64 {
            return self.emitted(x, parameters);
        }
        let wide = |tensor: &Tensor| graph::cast(tensor, DType::F64);
        let parameters: Vec<Tensor> = parameters.iter().map(wide).collect();
        graph::cast(&self.emitted(&wide(x), &parameters), x.dtype())
    }

    #[track_caller]
    fn emitted(&self, x: &Tensor, parameters: &[Tensor]) -> Tensor {
        let mut values: Vec<Tensor> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let at = |id: NodeId| &values[id.index()];
            let value = match *node {
                Node::Constant(number) => x.scalar_like(number.value()),
                Node::Input => x.clone(),
                Node::Parameter(index) => parameters[index].clone(),
                Node::Negate(a) => -at(a),
                Node::Not(a) => graph::logical_not(at(a)),
                Node::Function(function, a) => apply(function, at(a)),
                Node::Binary(binary, a, b) => combine(binary, at(a), at(b)),
                Node::Stated { value, .. } => at(value).clone(),
                Node::OverAxis(..) => unreachable!("stages hold what is elementwise"),
                Node::Select { condition, then, otherwise } => {
                    graph::where_(at(condition), at(then), at(otherwise))
                }
            };
            values.push(value);
        }
        graph::broadcast_to(&values[self.root().index()], x.shape())
    }
}

#[track_caller]
fn apply(function: Function, a: &Tensor) -> Tensor {
    match function {
        Function::Exp => graph::exp(a),
        Function::Expm1 => graph::expm1(a),
        Function::Log => graph::log(a),
        Function::Log1p => graph::log1p(a),
        Function::Sqrt => graph::sqrt(a),
        Function::Rsqrt => graph::rsqrt(a),
        Function::Square => graph::square(a),
        Function::Abs => graph::absolute(a),
        Function::Sign => graph::sign(a),
        Function::Floor => graph::floor(a),
        Function::Ceil => graph::ceil(a),
        Function::Round => graph::round(a),
        Function::Sin => graph::sin(a),
        Function::Cos => graph::cos(a),
        Function::Tan => graph::tan(a),
        Function::Asin => graph::arcsin(a),
        Function::Acos => graph::arccos(a),
        Function::Atan => graph::arctan(a),
        Function::Sinh => graph::sinh(a),
        Function::Cosh => graph::cosh(a),
        Function::Tanh => graph::tanh(a),
        Function::Asinh => graph::arcsinh(a),
        Function::Erf => graph::erf(a),
        Function::Erfc => graph::erfc(a),
        Function::Sigmoid => graph::sigmoid(a),
        Function::Softplus => graph::softplus(a),
        Function::Relu => graph::relu(a),
    }
}

#[track_caller]
fn combine(binary: Binary, a: &Tensor, b: &Tensor) -> Tensor {
    match binary {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        Binary::Power => graph::power(a, b),
        Binary::Maximum => graph::maximum(a, b),
        Binary::Minimum => graph::minimum(a, b),
        Binary::Less => graph::less(a, b),
        Binary::LessEqual => graph::less_equal(a, b),
        Binary::Greater => graph::greater(a, b),
        Binary::GreaterEqual => graph::greater_equal(a, b),
        Binary::Equal => graph::equal(a, b),
        Binary::NotEqual => graph::not_equal(a, b),
        Binary::And => graph::logical_and(a, b),
        Binary::Or => graph::logical_or(a, b),
    }
}

#[cfg(test)]
mod tests {
    use rhyton_graph::{Loop, Tensor, eval, gradients, scan, sum};
    use rhyton_tensor::Array;

    use crate::Expression;

    /// Value and derivative of a lowered expression at points, in f64.
    fn run(text: &str, points: &[f64], parameter: f64) -> (Vec<f64>, Vec<f64>) {
        let expression = Expression::parse(text).unwrap();
        let x = Array::from_slice(&[points.len()], points).unwrap();
        let results = eval(
            |inputs| {
                let parameters: Vec<Tensor> = expression
                    .parameters()
                    .iter()
                    .map(|_| inputs[0].scalar_like(parameter))
                    .collect();
                let value = expression.lower(&inputs[0], &parameters);
                let slope = gradients(&sum(&value, None, false), &[&inputs[0]]).unwrap();
                vec![value, slope[0].clone()]
            },
            &[&x],
        )
        .unwrap();
        (results[0].to_f64(), results[1].to_f64())
    }

    #[test]
    fn lowering_agrees_with_evaluation() {
        let points = [-3.0, -0.5, 0.0, 0.25, 4.0];
        for text in ["x * sigmoid(beta * x)", "t = tanh(x); t * t - x^2", "min(max(x, 0), 6)"] {
            let expression = Expression::parse(text).unwrap();
            let parameters: Vec<f64> = expression.parameters().iter().map(|_| 1.5).collect();
            let (values, _) = run(text, &points, 1.5);
            for (x, value) in points.iter().zip(values) {
                let expected = expression.evaluate(*x, &parameters);
                assert!((value - expected).abs() <= 1e-14 * expected.abs().max(1.0), "{text} {x}");
            }
        }
    }

    /// The stated derivative goes into the bodies of loops.
    #[test]
    fn a_branch_not_taken_has_no_influence_in_a_loop() {
        let expression = Expression::parse("where(x > 0, log(x), 0)").unwrap();
        let x = Array::from_slice(&[3], &[-1.0, 0.0, 2.0]).unwrap();
        let slopes = eval(
            |inputs| {
                let over = Loop { carries: inputs, length: Some(1), ..Loop::default() };
                let (last, _) =
                    scan(&over, |turn| Ok((vec![expression.lower(&turn.carries[0], &[])], vec![])))
                        .unwrap();
                gradients(&sum(&last[0], None, false), &[&inputs[0]]).unwrap()
            },
            &[&x],
        );
        assert_eq!(slopes.unwrap()[0].to_f64(), [0.0, 0.0, 0.5]);
    }

    #[test]
    fn a_power_of_nought_is_flat_at_nought() {
        let (values, slopes) = run("x ^ beta", &[0.0, 2.0], 0.0);
        assert_eq!((values, slopes), (vec![1.0, 1.0], vec![0.0, 0.0]));
    }

    /// Through the graph's own rules the branch not taken would give 0 · ∞ = NaN.
    #[test]
    fn a_branch_not_taken_has_no_influence() {
        let (values, slopes) = run("where(x > 0, log(x), 0)", &[-1.0, 0.0, 2.0], 1.0);
        assert_eq!(values, [0.0, 0.0, 2.0_f64.ln()]);
        assert_eq!(slopes, [0.0, 0.0, 0.5]);
    }
}
