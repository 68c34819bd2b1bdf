//! Rewrites that IEEE arithmetic allows for every input: the value keeps its bits.

use crate::builder::Builder;
use crate::functions::Function;
use crate::syntax::{Binary, Node, NodeId};

impl Builder {
    /// Adds a node, or the simpler node that equals it for every input.
    ///
    /// `x + 0` is not simplified (it turns -0 into 0) and neither is `0 * x` (NaN at infinity).
    pub(crate) fn simplified(&mut self, node: Node) -> NodeId {
        match node {
            Node::Negate(a) => match self.node(a) {
                Node::Negate(inner) => inner,
                _ => self.add(node),
            },
            Node::Select { then, otherwise, .. } if then == otherwise => then,
            Node::Binary(binary, a, b) => self.simplified_binary(binary, a, b),
            _ => self.add(node),
        }
    }

    fn simplified_binary(&mut self, binary: Binary, a: NodeId, b: NodeId) -> NodeId {
        let (left, right) = (self.constant_value(a), self.constant_value(b));
        if let (Some(left), Some(right)) = (left, right)
            && let Some(value) = folded(binary, left, right)
        {
            return self.constant(value);
        }
        if binary == Binary::Power && self.is_e(a) {
            return self.function(Function::Exp, b);
        }
        match (binary, left, right) {
            (Binary::Multiply, Some(1.0), _) => b,
            (Binary::Multiply, Some(-1.0), _) => self.negate(b),
            (Binary::Multiply | Binary::Divide | Binary::Power, _, Some(1.0)) => a,
            (Binary::Multiply | Binary::Divide, _, Some(-1.0)) => self.negate(a),
            (Binary::Subtract, _, Some(zero)) if zero.to_bits() == 0 => a,
            (Binary::Add, _, None) if matches!(self.node(b), Node::Negate(_)) => {
                let b = self.negate(b);
                self.add(Node::Binary(Binary::Subtract, a, b))
            }
            (Binary::Subtract, _, None) if matches!(self.node(b), Node::Negate(_)) => {
                let b = self.negate(b);
                self.add(Node::Binary(Binary::Add, a, b))
            }
            _ => self.add(Node::Binary(binary, a, b)),
        }
    }
}

/// The exactly rounded operations on two literals; nothing that is not finite.
fn folded(binary: Binary, a: f64, b: f64) -> Option<f64> {
    let value = match binary {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_ieee_does_not_allow() {
        let mut builder = Builder::default();
        let x = builder.add(Node::Input);
        let zero = builder.constant(0.0);
        let one = builder.constant(1.0);
        assert_ne!(builder.binary(Binary::Add, x, zero), x);
        assert_ne!(builder.binary(Binary::Multiply, x, zero), zero);
        assert_eq!(builder.binary(Binary::Subtract, x, zero), x);
        assert_eq!(builder.binary(Binary::Multiply, one, x), x);
        let divided = builder.binary(Binary::Divide, one, zero);
        assert_eq!(builder.constant_value(divided), None, "1 / 0 stays");
        let two = builder.binary(Binary::Add, one, one);
        assert_eq!(builder.constant_value(two), Some(2.0));
    }
}
