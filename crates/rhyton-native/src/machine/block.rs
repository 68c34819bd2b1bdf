//! What one vector of a chain's elements computes: values that are assigned once, in the order in
//! which they are computed.

use std::collections::HashMap;

use super::encode::Width;

/// A value by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Value(u32);

impl Value {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What pointers of a chain's machine code point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Argument {
    /// A leaf's elements.
    Leaf(usize),
    /// The one element of a leaf.
    Scalar(usize),
    /// A tile into which a leaf was expanded, by the number of the tile; and the leaf.
    Expanded(usize, usize),
    /// A store's elements.
    Store(usize),
}

/// What an instruction computes of vectors of words, in each lane. Those of floats are those of
/// [`Arithmetic`](crate::simd::Arithmetic).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Op {
    /// Loads the operand here and not later.
    Pin,
    Add,
    Subtract,
    Multiply,
    Divide,
    Fma,
    Minimum,
    Maximum,
    SquareRoot,
    Floor,
    Ceil,
    Round,
    /// a · 2ᵇ for whole b, rounded once.
    Scale,
    Less,
    LessEqual,
    Equal,
    IsNan,
    /// Whether any bit is set; computed by other operations.
    NonZero,
    /// Where a mask does not hold; selections swap their operands instead.
    Not,
    Select,
    ToInt,
    ToIntTruncated,
    ToFloat,
    IntAdd,
    IntSubtract,
    IntMultiply,
    IntMinimum,
    IntMaximum,
    WordMinimum,
    WordMaximum,
    And,
    Or,
    Xor,
    ShiftLeft(u8),
    ShiftRight(u8),
    ShiftSigned(u8),
    /// By as many places as the second operand says: 0 for 32 or more.
    ShiftLeftBy,
    ShiftRightBy,
    /// The sign for 32 places or more.
    ShiftSignedBy,
    IntEqual,
    /// Signed.
    IntLess,
    WordLess,
}

impl Op {
    pub(super) fn operands(self) -> usize {
        match self {
            Self::Pin
            | Self::SquareRoot
            | Self::Floor
            | Self::Ceil
            | Self::Round
            | Self::IsNan
            | Self::NonZero
            | Self::Not
            | Self::ToInt
            | Self::ToIntTruncated
            | Self::ToFloat
            | Self::ShiftLeft(_)
            | Self::ShiftRight(_)
            | Self::ShiftSigned(_) => 1,
            Self::Fma | Self::Select => 3,
            _ => 2,
        }
    }

    /// Whether the result is a truth value for each lane.
    pub(super) fn is_mask(self) -> bool {
        matches!(
            self,
            Self::Less
                | Self::LessEqual
                | Self::Equal
                | Self::IsNan
                | Self::NonZero
                | Self::Not
                | Self::IntEqual
                | Self::IntLess
                | Self::WordLess
        )
    }

    /// Whether a value that reads such operands needs this one in a register.
    pub(super) fn needs_register(self, operands: &[Value; 3], operand: Value) -> bool {
        match self {
            Self::Select => operands[2] == operand,
            Self::ShiftLeft(_) | Self::ShiftRight(_) | Self::ShiftSigned(_) => true,
            Self::Fma | Self::Less | Self::LessEqual | Self::IntLess | Self::WordLess => false,
            _ => !self.commutes() && self.operands() == 2 && operands[0] == operand,
        }
    }

    /// Whether the operands may change places; which of two NaNs is the result does not matter.
    pub(super) fn commutes(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Multiply
                | Self::Equal
                | Self::IntAdd
                | Self::IntMultiply
                | Self::IntMinimum
                | Self::IntMaximum
                | Self::WordMinimum
                | Self::WordMaximum
                | Self::And
                | Self::Or
                | Self::Xor
                | Self::IntEqual
        )
    }
}

/// How a value comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// The same bits in every lane.
    Constant(u32),
    /// The element of an argument in every lane.
    Scalar(usize),
    /// Elements of an argument.
    Load(usize),
    /// Operands that the operation does not have repeat the first.
    Compute(Op, [Value; 3]),
}

/// What is done in turn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Compute(Value),
    Store { argument: usize, value: Value },
}

/// A chain's values and stores.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) width: Width,
    nodes: Vec<Node>,
    known: HashMap<Node, Value>,
    pub(super) items: Vec<Item>,
    pub(super) arguments: Vec<Argument>,
    /// Arguments whose elements are bytes.
    pub(super) bytes: Vec<bool>,
}

impl Block {
    pub(super) fn new(width: Width) -> Self {
        Self {
            width,
            nodes: Vec::new(),
            known: HashMap::new(),
            items: Vec::new(),
            arguments: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = Value> + use<> {
        (0..self.nodes.len() as u32).map(Value)
    }

    pub(super) fn node(&self, value: Value) -> Node {
        self.nodes[value.index()]
    }

    pub(super) fn is_mask(&self, value: Value) -> bool {
        matches!(self.node(value), Node::Compute(op, _) if op.is_mask())
    }

    /// The operands of a value.
    pub(super) fn operands(&self, value: Value) -> ([Value; 3], usize) {
        match self.node(value) {
            Node::Compute(op, operands) => (operands, op.operands()),
            _ => ([value; 3], 0),
        }
    }

    /// The number of an argument; its elements are words unless `bytes`.
    pub(super) fn argument(&mut self, argument: Argument, bytes: bool) -> usize {
        if let Some(place) = self.arguments.iter().position(|&known| known == argument) {
            return place;
        }
        self.arguments.push(argument);
        self.bytes.push(bytes);
        self.arguments.len() - 1
    }

    /// The value of a node, the same for the same node.
    pub(super) fn value(&mut self, node: Node) -> Value {
        if let Some(&known) = self.known.get(&node) {
            return known;
        }
        let value = Value(self.nodes.len() as u32);
        self.nodes.push(node);
        self.known.insert(node, value);
        if matches!(node, Node::Compute(..)) {
            self.items.push(Item::Compute(value));
        }
        value
    }

    pub(super) fn constant(&mut self, bits: u32) -> Value {
        self.value(Node::Constant(bits))
    }

    /// An operation of as many operands as it has.
    pub(super) fn compute(&mut self, op: Op, operands: &[Value]) -> Value {
        let place = |place: usize| operands.get(place).copied().unwrap_or(operands[0]);
        let operands = [operands[0], place(1), place(2)];
        self.shorter(op, operands).unwrap_or_else(|| self.value(Node::Compute(op, operands)))
    }

    fn as_constant(&self, value: Value) -> Option<u32> {
        match self.node(value) {
            Node::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    /// The mask and the two words between which a value chooses.
    fn as_choice(&self, value: Value) -> Option<(Value, u32, u32)> {
        let Node::Compute(Op::Select, [mask, a, b]) = self.node(value) else { return None };
        Some((mask, self.as_constant(a)?, self.as_constant(b)?))
    }

    /// The same value by other operations: truth values that went through the words 0 and 1, and
    /// what the instruction set lacks.
    fn shorter(&mut self, op: Op, [a, b, c]: [Value; 3]) -> Option<Value> {
        match op {
            Op::NonZero => match self.as_choice(a) {
                Some((mask, 0, other)) if other != 0 => Some(self.compute(Op::Not, &[mask])),
                Some((mask, one, 0)) if one != 0 => Some(mask),
                _ => {
                    let zero = self.constant(0);
                    let equal = self.compute(Op::IntEqual, &[a, zero]);
                    Some(self.compute(Op::Not, &[equal]))
                }
            },
            // AVX2 compares integers only with signs.
            Op::WordLess if self.width == Width::Ymm => {
                let sign = self.constant(1 << 31);
                let [a, b] = [a, b].map(|word| self.compute(Op::Xor, &[word, sign]));
                Some(self.compute(Op::IntLess, &[a, b]))
            }
            Op::Select => {
                let Node::Compute(Op::Not, [mask, ..]) = self.node(a) else { return None };
                Some(self.compute(Op::Select, &[mask, c, b]))
            }
            Op::Not => {
                let Node::Compute(Op::Not, [mask, ..]) = self.node(a) else { return None };
                Some(mask)
            }
            Op::ToFloat => {
                let (mask, a, b) = self.as_choice(a)?;
                let float = |bits: u32| (bits as i32 as f32).to_bits();
                let (a, b) = (self.constant(float(a)), self.constant(float(b)));
                Some(self.compute(Op::Select, &[mask, a, b]))
            }
            _ => None,
        }
    }

    pub(super) fn store(&mut self, argument: usize, value: Value) {
        self.items.push(Item::Store { argument, value });
    }

    /// Drops what no store needs.
    pub(super) fn drop_dead(&mut self) {
        let mut live = vec![false; self.nodes.len()];
        for place in (0..self.items.len()).rev() {
            match self.items[place] {
                Item::Store { value, .. } => live[value.index()] = true,
                Item::Compute(value) if live[value.index()] => {
                    let (operands, count) = self.operands(value);
                    operands[..count].iter().for_each(|operand| live[operand.index()] = true);
                }
                Item::Compute(_) => {}
            }
        }
        self.items.retain(|item| match item {
            Item::Compute(value) => live[value.index()],
            Item::Store { .. } => true,
        });
    }
}
