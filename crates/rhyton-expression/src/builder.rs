//! Builds nodes without duplicates, and copies one expression into another.

use std::collections::HashMap;

use crate::functions::Function;
use crate::syntax::{Binary, Expression, Node, NodeId, Number};

/// Nodes under construction; equal nodes are one.
#[derive(Default)]
pub(crate) struct Builder {
    nodes: Vec<Node>,
    known: HashMap<Node, NodeId>,
}

impl Builder {
    /// Starts from the nodes of an expression, which keep their ids.
    pub(crate) fn continuing(expression: &Expression) -> Self {
        let mut builder = Self::default();
        for node in &expression.nodes {
            builder.add(*node);
        }
        debug_assert_eq!(builder.nodes.len(), expression.nodes.len(), "nodes are distinct");
        builder
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.index()]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a node as it is, or finds the equal one.
    pub(crate) fn add(&mut self, node: Node) -> NodeId {
        let next = NodeId(u32::try_from(self.nodes.len()).expect("texts and nodes are bounded"));
        let id = *self.known.entry(node).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }

    /// A literal; a negative one becomes the negation of its magnitude. Never NaN.
    pub(crate) fn constant(&mut self, value: f64) -> NodeId {
        let magnitude = self.add(Node::Constant(Number::new(value.abs())));
        if value.is_sign_negative() { self.add(Node::Negate(magnitude)) } else { magnitude }
    }

    /// The value of a literal, with its sign.
    pub(crate) fn constant_value(&self, id: NodeId) -> Option<f64> {
        match self.node(id) {
            Node::Constant(number) => Some(number.value()),
            Node::Negate(inner) => match self.node(inner) {
                Node::Constant(number) => Some(-number.value()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether this is the literal `e`: `e ^ x` means `exp(x)`, wherever it comes from.
    pub(crate) fn is_e(&self, id: NodeId) -> bool {
        self.constant_value(id) == Some(std::f64::consts::E)
    }

    pub(crate) fn binary(&mut self, binary: Binary, a: NodeId, b: NodeId) -> NodeId {
        self.simplified(Node::Binary(binary, a, b))
    }

    pub(crate) fn function(&mut self, function: Function, a: NodeId) -> NodeId {
        self.add(Node::Function(function, a))
    }

    pub(crate) fn negate(&mut self, a: NodeId) -> NodeId {
        self.simplified(Node::Negate(a))
    }

    pub(crate) fn select(&mut self, condition: NodeId, then: NodeId, otherwise: NodeId) -> NodeId {
        self.simplified(Node::Select { condition, then, otherwise })
    }

    /// A number from either kind: a condition counts 1 where it holds and 0 elsewhere.
    pub(crate) fn number(&mut self, id: NodeId) -> NodeId {
        if !self.node(id).is_condition() {
            return id;
        }
        let (then, otherwise) = (self.constant(1.0), self.constant(0.0));
        self.add(Node::Select { condition: id, then, otherwise })
    }

    /// Copies `template` in, with `input` for its `x` and `parameters` for its parameters.
    pub(crate) fn instantiate(
        &mut self,
        template: &Expression,
        input: NodeId,
        parameters: &[NodeId],
    ) -> NodeId {
        let mut copies: Vec<NodeId> = Vec::with_capacity(template.nodes.len());
        for node in &template.nodes {
            let copy = match node {
                Node::Input => input,
                Node::Parameter(index) => parameters[*index],
                other => self.simplified(other.with_operands(|id| copies[id.index()])),
            };
            copies.push(copy);
        }
        copies[template.root.index()]
    }
}
