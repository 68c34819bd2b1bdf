//! Symbolic derivatives: one pass over the nodes, each rule beside its reason.

use crate::builder::Builder;
use crate::canonical::Outline;
use crate::error::Error;
use crate::functions::Function;
use crate::syntax::{Binary, Expression, Node, NodeId, Variable};

/// Each derivative multiplies the size by a small factor; taken again and again it must end.
const DERIVED_NODES_MAX: usize = 16_384;

/// Conditionals inside each other that a factor is taken into: a chain of them would grow the
/// derivative with the square of its length.
const SCALED_LEVELS_MAX: usize = 8;

impl Expression {
    /// The derivative with respect to `x` or to a parameter, with the same parameters.
    ///
    /// Branch by branch: `where(c, a, b)` becomes `where(c, a', b')`, so a branch not taken never
    /// makes 0·∞. At kinks: `abs` and `relu` have 0 at 0, steps (`sign`, `floor`, `ceil`, `round`)
    /// have 0 everywhere; where the two sides of `max` or `min` are equal, the side that does not
    /// depend on the variable wins (so `max(x, 0)`, `max(0, x)` have 0 at 0), and of two that do,
    /// the second one.
    ///
    /// Where a derivative is stated, it is the one.
    ///
    /// # Errors
    /// A parameter that the expression does not have; an expression of more than 16,384 nodes; a
    /// function over an axis, whose derivative is a matrix.
    pub fn derivative(&self, with_respect_to: Variable<'_>) -> Result<Self, Error> {
        let variable = match with_respect_to {
            Variable::Input => Node::Input,
            Variable::Parameter(name) => Node::Parameter(self.required_parameter(name)?),
        };
        if !self.is_elementwise() {
            return Err(Error::OverAxis);
        }
        if self.nodes.len() > DERIVED_NODES_MAX {
            let (nodes, limit) = (self.nodes.len(), DERIVED_NODES_MAX);
            return Err(Error::TooLargeToDerive { nodes, limit });
        }
        let builder = Builder::continuing(self);
        let mut derivation =
            Derivation { builder, derivatives: Vec::new(), variable, held: Vec::new() };
        let root = derivation.up_to(self.root);
        let mut builder = derivation.builder;
        let root = root.unwrap_or_else(|| builder.constant(0.0));
        Ok(builder.finish(Outline {
            root,
            bindings: self.bindings.clone(),
            parameters: self.parameters.clone(),
            name: None,
            warnings: Vec::new(),
        }))
    }
}

struct Derivation {
    builder: Builder,
    /// For each node of the original; `None` where the derivative is 0 by structure.
    derivatives: Vec<Option<NodeId>>,
    variable: Node,
    /// Inputs of stated derivatives around, which count as constant.
    held: Vec<NodeId>,
}

impl Derivation {
    /// The derivative of a node of the original, after those of all before it.
    fn up_to(&mut self, last: NodeId) -> Option<NodeId> {
        for index in self.derivatives.len()..=last.index() {
            let id = NodeId(index as u32);
            let node = self.builder.node(id);
            let derivative = if self.held.contains(&id) {
                None
            } else if node == self.variable {
                Some(self.builder.constant(1.0))
            } else {
                self.of(id, node)
            };
            self.derivatives.push(derivative);
        }
        self.derivatives[last.index()]
    }

    fn known(&self, id: NodeId) -> Option<NodeId> {
        self.derivatives[id.index()]
    }

    fn of(&mut self, value: NodeId, node: Node) -> Option<NodeId> {
        match node {
            Node::Constant(_)
            | Node::Input
            | Node::Parameter(_)
            | Node::Not(_)
            | Node::OverAxis(..) => None,
            Node::Stated { value, input, slope } => self.stated(value, input, slope),
            Node::Negate(a) => {
                let da = self.known(a)?;
                Some(self.builder.negate(da))
            }
            Node::Function(function, a) => {
                let da = self.known(a)?;
                let outer = self.builder.instantiate(function.derivative(), a, &[value]);
                self.chained(outer, da)
            }
            Node::Select { condition, then, otherwise } => {
                let (then, otherwise) = (self.known(then), self.known(otherwise));
                self.selected(condition, then, otherwise)
            }
            Node::Binary(Binary::Add, a, b) => self.sum(Binary::Add, a, b),
            Node::Binary(Binary::Subtract, a, b) => self.sum(Binary::Subtract, a, b),
            Node::Binary(Binary::Multiply, a, b) => self.product(a, b),
            Node::Binary(Binary::Divide, a, b) => self.quotient(value, a, b),
            Node::Binary(Binary::Power, a, b) => self.power(value, a, b),
            Node::Binary(Binary::Maximum, a, b) => self.extremum(Binary::Greater, a, b),
            Node::Binary(Binary::Minimum, a, b) => self.extremum(Binary::Less, a, b),
            Node::Binary(..) => None,
        }
    }

    /// The stated slope by its input, and what the value depends on besides.
    fn stated(&mut self, value: NodeId, input: NodeId, slope: NodeId) -> Option<NodeId> {
        let through = self.known(input).and_then(|inner| self.chained(slope, inner));
        let outside = std::mem::take(&mut self.derivatives);
        self.held.push(input);
        let besides = self.up_to(value);
        self.held.pop();
        self.derivatives = outside;
        self.combined(Binary::Add, through, besides)
    }

    /// f'(a) · a', into the branches where f' has them: `0 · a'` must not be computed.
    fn chained(&mut self, outer: NodeId, inner: NodeId) -> Option<NodeId> {
        if self.builder.constant_value(outer) == Some(0.0) {
            return None;
        }
        if let Node::Select { condition, then, otherwise } = self.builder.node(outer) {
            let then = self.chained(then, inner);
            let otherwise = self.chained(otherwise, inner);
            return self.selected(condition, then, otherwise);
        }
        self.scaled(outer, inner, SCALED_LEVELS_MAX)
    }

    /// factor · inner, where `inner` is a derivative: into its branches if one of them is 0, so
    /// that `sqrt(max(x, 0))` has 0 there and not ∞·0.
    fn scaled(&mut self, factor: NodeId, inner: NodeId, levels: usize) -> Option<NodeId> {
        match self.builder.node(inner) {
            Node::Negate(inner)
                if levels > 0 && matches!(self.builder.node(inner), Node::Select { .. }) =>
            {
                let scaled = self.scaled(factor, inner, levels - 1)?;
                Some(self.builder.negate(scaled))
            }
            Node::Select { condition, then, otherwise }
                if levels > 0 && (self.is_zero(then) || self.is_zero(otherwise)) =>
            {
                let mut branch =
                    |id| if self.is_zero(id) { None } else { self.scaled(factor, id, levels - 1) };
                let (then, otherwise) = (branch(then), branch(otherwise));
                self.selected(condition, then, otherwise)
            }
            _ => Some(self.builder.binary(Binary::Multiply, factor, inner)),
        }
    }

    fn is_zero(&self, id: NodeId) -> bool {
        self.builder.constant_value(id) == Some(0.0)
    }

    fn selected(
        &mut self,
        condition: NodeId,
        then: Option<NodeId>,
        otherwise: Option<NodeId>,
    ) -> Option<NodeId> {
        if then.is_none() && otherwise.is_none() {
            return None;
        }
        let zero = self.builder.constant(0.0);
        Some(self.builder.select(condition, then.unwrap_or(zero), otherwise.unwrap_or(zero)))
    }

    fn sum(&mut self, binary: Binary, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (da, db) = (self.known(a), self.known(b));
        self.combined(binary, da, db)
    }

    fn combined(&mut self, binary: Binary, a: Option<NodeId>, b: Option<NodeId>) -> Option<NodeId> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.builder.binary(binary, a, b)),
            (None, Some(b)) if binary == Binary::Subtract => Some(self.builder.negate(b)),
            (a, b) => a.or(b),
        }
    }

    fn product(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (da, db) = (self.known(a), self.known(b));
        let left = da.and_then(|da| match self.builder.node(da) {
            Node::Select { .. } => self.scaled(b, da, SCALED_LEVELS_MAX),
            _ => Some(self.builder.binary(Binary::Multiply, da, b)),
        });
        let right = db.and_then(|db| self.scaled(a, db, SCALED_LEVELS_MAX));
        self.combined(Binary::Add, left, right)
    }

    /// (a' − q · b') / b: one division, and no b² that could overflow.
    fn quotient(&mut self, quotient: NodeId, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (da, db) = (self.known(a), self.known(b));
        let right = db.map(|db| self.builder.binary(Binary::Multiply, quotient, db));
        let above = self.combined(Binary::Subtract, da, right)?;
        Some(self.builder.binary(Binary::Divide, above, b))
    }

    /// b · a^(b−1) · a' + a^b · log(a) · b': the first is 0 where b is, even at a = 0, and log(a)
    /// is taken as 0 where a is not positive.
    fn power(&mut self, power: NodeId, a: NodeId, b: NodeId) -> Option<NodeId> {
        let base = self.known(a).and_then(|da| {
            if self.builder.constant_value(b) == Some(0.0) {
                return None;
            }
            let one = self.builder.constant(1.0);
            let less = self.builder.binary(Binary::Subtract, b, one);
            let lower = self.builder.binary(Binary::Power, a, less);
            let outer = self.builder.binary(Binary::Multiply, b, lower);
            if self.builder.constant_value(b).is_some() {
                return self.scaled(outer, da, SCALED_LEVELS_MAX);
            }
            let zero = self.builder.constant(0.0);
            let flat = self.builder.binary(Binary::Equal, b, zero);
            let sloped = self.scaled(outer, da, SCALED_LEVELS_MAX);
            self.selected(flat, None, sloped)
        });
        let exponent = self.known(b).and_then(|db| {
            let log = self.builder.function(Function::Log, a);
            let safe = if self.builder.constant_value(a).is_some_and(|value| value > 0.0) {
                log
            } else {
                let zero = self.builder.constant(0.0);
                let positive = self.builder.binary(Binary::Greater, a, zero);
                self.builder.select(positive, log, zero)
            };
            let outer = self.builder.binary(Binary::Multiply, power, safe);
            self.scaled(outer, db, SCALED_LEVELS_MAX)
        });
        self.combined(Binary::Add, base, exponent)
    }

    fn extremum(&mut self, wins: Binary, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (da, db) = (self.known(a), self.known(b));
        // Asked this way round, the test fails on equality, and the constant side wins the tie.
        let (first, second, dfirst, dsecond) =
            if da.is_none() { (b, a, db, da) } else { (a, b, da, db) };
        let condition = self.builder.binary(wins, first, second);
        self.selected(condition, dfirst, dsecond)
    }
}
