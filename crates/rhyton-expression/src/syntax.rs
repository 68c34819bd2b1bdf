//! What an expression is: nodes in order, the names given to some of them, parameters.

use crate::functions::Function;
use crate::over_axis::AxisFunction;

/// Place of a node in [`Expression::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// Index into [`Expression::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A literal: never NaN, never negative (the language writes `-2` as the negation of `2`).
///
/// Equal when the bits are equal, so that nodes can be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number(u64);

impl Number {
    pub(crate) fn new(value: f64) -> Self {
        debug_assert!(!value.is_nan() && value.is_sign_positive(), "literals carry no sign");
        Self(value.to_bits())
    }

    /// The value.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// One operation; operands come before their users in [`Expression::nodes`].
///
/// Comparisons, `And`, `Or` and `Not` are *conditions*; every other node is a *number*. Operands
/// of arithmetic, functions and comparisons are numbers; operands of `And`, `Or`, `Not` and the
/// first of `Select` are conditions; the parser sees to both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A literal.
    Constant(Number),
    /// The input `x`.
    Input,
    /// A parameter, by its index in [`Expression::parameters`].
    Parameter(usize),
    /// `-a`
    Negate(NodeId),
    /// `not a`
    Not(NodeId),
    /// A function of one number.
    Function(Function, NodeId),
    /// An operator or function of two.
    Binary(Binary, NodeId, NodeId),
    /// A function of a line of numbers along the axis.
    OverAxis(AxisFunction, NodeId),
    /// `with_derivative(value, input, slope)`: the value, whose derivative by `input` is stated.
    Stated {
        /// What is computed.
        value: NodeId,
        /// By what the derivative is stated.
        input: NodeId,
        /// The derivative.
        slope: NodeId,
    },
    /// `where(condition, then, otherwise)`; the branch not chosen has no influence, not even NaN.
    Select {
        /// Which branch.
        condition: NodeId,
        /// Value where the condition holds.
        then: NodeId,
        /// Value elsewhere.
        otherwise: NodeId,
    },
}

impl Node {
    /// Whether this is a condition rather than a number.
    pub fn is_condition(&self) -> bool {
        match self {
            Self::Not(_) => true,
            Self::Binary(binary, _, _) => binary.is_condition(),
            _ => false,
        }
    }

    /// The nodes this one reads, in the order in which they are written.
    pub fn operands(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        let list = match *self {
            Self::Constant(_) | Self::Input | Self::Parameter(_) => [None, None, None],
            Self::Negate(a) | Self::Not(a) | Self::Function(_, a) | Self::OverAxis(_, a) => {
                [Some(a), None, None]
            }
            Self::Binary(_, a, b) => [Some(a), Some(b), None],
            Self::Select { condition, then, otherwise } => {
                [Some(condition), Some(then), Some(otherwise)]
            }
            Self::Stated { value, input, slope } => [Some(value), Some(input), Some(slope)],
        };
        list.into_iter().flatten()
    }

    /// The same operation on other operands.
    pub(crate) fn with_operands(&self, map: impl Fn(NodeId) -> NodeId) -> Self {
        match *self {
            Self::Constant(_) | Self::Input | Self::Parameter(_) => *self,
            Self::Negate(a) => Self::Negate(map(a)),
            Self::Not(a) => Self::Not(map(a)),
            Self::Function(function, a) => Self::Function(function, map(a)),
            Self::Binary(binary, a, b) => Self::Binary(binary, map(a), map(b)),
            Self::OverAxis(function, a) => Self::OverAxis(function, map(a)),
            Self::Stated { value, input, slope } => {
                Self::Stated { value: map(value), input: map(input), slope: map(slope) }
            }
            Self::Select { condition, then, otherwise } => Self::Select {
                condition: map(condition),
                then: map(then),
                otherwise: map(otherwise),
            },
        }
    }
}

/// Operators and functions of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a ^ b`; as C's `pow` (NaN for a negative base with a broken exponent)
    Power,
    /// `max(a, b)`; NaN if either is
    Maximum,
    /// `min(a, b)`; NaN if either is
    Minimum,
    /// `a < b`
    Less,
    /// `a <= b`
    LessEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterEqual,
    /// `a == b`
    Equal,
    /// `a != b`; true if either is NaN
    NotEqual,
    /// `a and b`
    And,
    /// `a or b`
    Or,
}

impl Binary {
    /// Whether the result is a condition.
    pub fn is_condition(self) -> bool {
        self.is_comparison() || matches!(self, Self::And | Self::Or)
    }

    /// Whether it compares two numbers.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Less
                | Self::LessEqual
                | Self::Greater
                | Self::GreaterEqual
                | Self::Equal
                | Self::NotEqual
        )
    }
}

/// A named parameter and the value it has when nobody binds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name in ASCII: `β` is `beta`.
    pub name: String,
    /// Default: 1 unless the signature or the caller says otherwise.
    pub default: f64,
}

/// What a derivative is taken with respect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'a> {
    /// The input `x`.
    Input,
    /// The parameter of this name.
    Parameter(&'a str),
}

/// Something legal that the writer may not have meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// A free name of several letters became a parameter.
    NewName {
        /// The name.
        name: String,
        /// Byte position of its first use.
        position: usize,
        /// Known names that resemble it, nearest first.
        nearest: Vec<String>,
    },
    /// A `let`-binding or a declared parameter that the value does not use.
    Unused {
        /// The name.
        name: String,
    },
    /// The value does not depend on `x`.
    IndependentOfInput,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NewName { name, nearest, .. } => {
                write!(f, "`{name}` is taken as a new parameter with default 1")?;
                if let Some(first) = nearest.first() {
                    write!(f, "; if `{first}` was meant, correct it")?;
                }
                Ok(())
            }
            Self::Unused { name } => write!(f, "`{name}` is never used"),
            Self::IndependentOfInput => write!(f, "the value does not depend on `x`"),
        }
    }
}

/// A function of `x` with named parameters: of one element, or of a line along an axis if it calls
/// an [`AxisFunction`].
///
/// A list of [`Node`]s without duplicates, each after its operands, so that evaluation,
/// differentiation and lowering are one loop. `Display` writes the canonical text of the value
/// (`x * sigmoid(beta * x)`); [`Expression::definition`] adds the signature with the defaults.
/// Parsing either gives the expression back. Two expressions are equal when nodes, given names and
/// parameters are; warnings and the name in the signature do not count.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    /// Names of `let`-bindings in the order of their nodes.
    pub(crate) bindings: Vec<(String, NodeId)>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) name: Option<String>,
    pub(crate) warnings: Vec<Warning>,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
            && self.root == other.root
            && self.bindings == other.bindings
            && self.parameters == other.parameters
    }
}

impl Expression {
    /// All nodes; operands come before their users, and every node is needed by the last one.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node that is the value; always a number.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The `let`-bindings: name and node, in the order in which they are printed.
    pub fn bindings(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.bindings.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// The parameters: those of the signature first, then free names by first use.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The name in the signature, if the text had one: `swish(x, beta=1.5) = …`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Legal but suspicious things found while parsing.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Free names of several letters that became parameters; to be reported once.
    pub fn new_names(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().filter_map(|warning| match warning {
            Warning::NewName { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether each value depends on one element of `x` only: no function over an axis is called.
    pub fn is_elementwise(&self) -> bool {
        !self.nodes.iter().any(|node| matches!(node, Node::OverAxis(..)))
    }

    /// The least version of the language that can say this: files carry it, so that older readers
    /// refuse only what they can't read.
    pub fn language(&self) -> u32 {
        let grown = |node: &Node| matches!(node, Node::OverAxis(..) | Node::Stated { .. });
        if self.nodes.iter().any(grown) { 2 } else { 1 }
    }

    /// Whether the value depends on `x`.
    pub fn depends_on_input(&self) -> bool {
        self.nodes.contains(&Node::Input)
    }

    pub(crate) fn parameter_index(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|parameter| parameter.name == name)
    }
}
