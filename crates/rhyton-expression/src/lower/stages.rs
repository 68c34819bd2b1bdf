//! An expression over an axis as elementwise parts between functions over the axis.

use std::collections::HashMap;

use rhyton_graph as graph;
use rhyton_graph::Tensor;

use super::Lowering;
use crate::builder::Builder;
use crate::canonical::Outline;
use crate::syntax::{Expression, Node, NodeId, Parameter};

/// An elementwise part, and which values its parameters are: the expression's own first, then the
/// results of the functions over the axis.
struct Part {
    expression: Expression,
    sources: Vec<usize>,
}

impl Expression {
    #[track_caller]
    pub(super) fn lower_stages(
        &self,
        x: &Tensor,
        parameters: &[Tensor],
        lowering: Lowering,
    ) -> Tensor {
        let mut values = parameters.to_vec();
        let mut cuts = HashMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Node::OverAxis(function, argument) = *node else { continue };
            let argument = self.part(argument, &cuts).lower(x, &values, lowering);
            cuts.insert(NodeId(index as u32), values.len());
            values.push(function.lower(&argument, lowering.axis));
        }
        self.part(self.root, &cuts).lower(x, &values, lowering)
    }

    /// The elementwise part that ends in a node; results at the cuts become parameters.
    fn part(&self, root: NodeId, cuts: &HashMap<NodeId, usize>) -> Part {
        let mut builder = Builder::default();
        let mut sources = Vec::new();
        let mut places: Vec<Option<NodeId>> = vec![None; self.nodes.len()];
        let mut needed = vec![false; self.nodes.len()];
        needed[root.index()] = true;
        for index in (0..=root.index()).rev() {
            if needed[index] && !cuts.contains_key(&NodeId(index as u32)) {
                self.nodes[index].operands().for_each(|operand| needed[operand.index()] = true);
            }
        }
        let mut parameter = |source: usize| {
            let known = sources.iter().position(|&s| s == source);
            Node::Parameter(known.unwrap_or_else(|| {
                sources.push(source);
                sources.len() - 1
            }))
        };
        for (index, node) in self.nodes.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let copy = match (cuts.get(&NodeId(index as u32)), node) {
                (Some(&source), _) => parameter(source),
                (None, Node::Parameter(source)) => parameter(*source),
                (None, node) => node.with_operands(|id| {
                    places[id.index()].expect("operands come before their users")
                }),
            };
            places[index] = Some(builder.add(copy));
        }
        let root = places[root.index()].expect("the root is needed");
        let name = |place: usize| format!("p{place}");
        let parameters =
            (0..sources.len()).map(|place| Parameter { name: name(place), default: 1.0 }).collect();
        let outline =
            Outline { root, bindings: Vec::new(), parameters, name: None, warnings: Vec::new() };
        Part { expression: builder.finish(outline), sources }
    }
}

impl Part {
    /// The part's value, of the shape of `x`.
    #[track_caller]
    fn lower(&self, x: &Tensor, values: &[Tensor], lowering: Lowering) -> Tensor {
        if let (Node::Input, 1) = (self.expression.nodes[0], self.expression.nodes.len()) {
            return x.clone();
        }
        if let (Node::Parameter(0), 1) = (self.expression.nodes[0], self.expression.nodes.len()) {
            return graph::broadcast_to(&values[self.sources[0]], x.shape());
        }
        let parameters: Vec<Tensor> =
            self.sources.iter().map(|&source| values[source].clone()).collect();
        self.expression.lower_elementwise(x, &parameters, lowering.exact)
    }
}

#[cfg(test)]
mod tests {
    use rhyton_graph::{Tensor, eval, gradients, sum};
    use rhyton_tensor::Array;

    use crate::Expression;

    const LINES: [[f64; 4]; 3] =
        [[0.1, 0.7, -0.4, 0.65], [3.0, -2.0, 1.0, 0.25], [-5.0, 0.5, 0.25, 0.0]];

    /// Values, and the gradient of their sum weighted by 1, 2, 3, 4 along the line.
    fn run(text: &str) -> (Vec<f64>, Vec<f64>) {
        let expression = Expression::parse(text).unwrap();
        let x = Array::from_slice(&[3, 4], LINES.as_flattened()).unwrap();
        let weights = Array::from_slice(&[4], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let results = eval(
            |inputs| {
                let parameters: Vec<Tensor> = expression
                    .parameters()
                    .iter()
                    .map(|parameter| inputs[0].scalar_like(parameter.default))
                    .collect();
                let value = expression.lower(&inputs[0], &parameters);
                let total = sum(&(&value * &inputs[1]), None, false);
                let slope = gradients(&total, &[&inputs[0]]).unwrap();
                vec![value, slope[0].clone()]
            },
            &[&x, &weights],
        )
        .unwrap();
        (results[0].to_f64(), results[1].to_f64())
    }

    #[test]
    fn lowering_agrees_with_evaluation_and_differences() {
        for text in [
            "softmax(beta * x)",
            "exp(x) / (1 + sum(exp(x)))",
            "sparsemax(x)",
            "x - logsumexp(x)",
            "where(x > mean(x), log(x - mean(x) + 1), 0)",
            "sort(x) * cumsum(1)",
            "x * sigmoid(sum(x * x) / sum(1))",
            "m = amax(x) - amin(x); x / (m + sum(sum(x)) ^ 2)",
        ] {
            let expression = Expression::parse(text).unwrap();
            assert!(!expression.is_elementwise());
            let (values, slopes) = run(text);
            let weighted = |line: &[f64]| -> f64 {
                let values = expression.evaluate_line(line, &[]);
                values.iter().zip([1.0, 2.0, 3.0, 4.0]).map(|(value, weight)| value * weight).sum()
            };
            for (row, line) in LINES.iter().enumerate() {
                let expected = expression.evaluate_line(line, &[]);
                for (place, expected) in expected.iter().enumerate() {
                    let received = values[row * 4 + place];
                    assert!((received - expected).abs() < 1e-13, "{text}: {received} {expected}");
                    let (mut up, mut down) = (*line, *line);
                    up[place] += 1e-6;
                    down[place] -= 1e-6;
                    let slope = (weighted(&up) - weighted(&down)) / 2e-6;
                    let received = slopes[row * 4 + place];
                    assert!((received - slope).abs() < 1e-6, "{text}: {received} {slope}");
                }
            }
        }
    }

    /// Through the graph's own rules the branch not taken would give 0 · ∞ = NaN.
    #[test]
    fn branches_not_taken_have_no_influence() {
        let (values, slopes) = run("where(x > 0, log(x), 0) * sum(x)");
        assert!(values.iter().chain(&slopes).all(|value| value.is_finite()), "{slopes:?}");
    }
}
