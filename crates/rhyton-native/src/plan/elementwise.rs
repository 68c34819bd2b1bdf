use rhyton_graph::{Binary, Compare, Graph, NodeId, Primitive, Unary};
use rhyton_tensor::DType;

use crate::simd::{VectorBinary, VectorCompare, VectorUnary};

/// What one instruction of a fused chain computes. Elements are words of 32 bits: f32, i32, u32, and
/// bool as 0 or 1; an f64 takes two words.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    /// A function of an f32 with a vector form.
    Unary(VectorUnary),
    /// Any other function of an f32: in f64, rounded once.
    UnaryByWide(Unary),
    /// A function of two f32 with a vector form.
    Binary(VectorBinary),
    /// Any other function of two f32: in f64, rounded once.
    BinaryByWide(Binary),
    /// A comparison of two f32; the operands may be swapped.
    Compare(VectorCompare),
    /// The second operand where the first is not 0, else the third.
    Select,
    /// A function of an i32 or u32.
    IntegerUnary(Unary, DType),
    /// A function of two i32, u32 or bool.
    Integer(Binary, DType),
    /// A comparison of two i32, u32 or bool.
    IntegerCompare(Compare, DType),
    /// From one element type to another.
    Convert(DType, DType),
    /// A function of an f64.
    WideUnary(Unary),
    /// A function of two f64.
    WideBinary(Binary),
    /// A comparison of two f64, whose result is a word.
    WideCompare(Compare),
    /// The second f64 where the word is not 0, else the third.
    WideSelect,
    /// A word of such a type to f64.
    Widen(DType),
    /// f64 to a word of such a type.
    Narrow(DType),
}

impl Operation {
    /// Whether the result is an f64, of two words.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Self::WideUnary(_) | Self::WideBinary(_) | Self::WideSelect | Self::Widen(_))
    }
}

/// Whether a word holds such an element.
pub(crate) fn is_word(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::I32 | DType::U32 | DType::Bool)
}

/// Whether the node is elementwise and has an instruction.
pub(crate) fn is_fast(graph: &Graph, id: NodeId) -> bool {
    operation(graph, id).is_some()
}

/// The instruction of a node.
pub(crate) fn operation(graph: &Graph, id: NodeId) -> Option<Operation> {
    let node = graph.node(id);
    let from = graph.node(*node.operands.first()?).spec.dtype;
    if from == DType::F64 || node.spec.dtype == DType::F64 {
        return wide_operation(&node.primitive, from, node.spec.dtype);
    }
    if !is_word(node.spec.dtype) {
        return None;
    }
    if let Some((function, _)) = pattern(graph, id) {
        return Some(Operation::Unary(function));
    }
    match &node.primitive {
        Primitive::Cast(_) if is_word(from) || from == DType::U8 => {
            Some(Operation::Convert(from, node.spec.dtype))
        }
        Primitive::Select(_) => Some(Operation::Select),
        Primitive::Unary(unary) if is_word(from) => unary_operation(*unary, from),
        Primitive::Binary(binary) if is_word(from) => binary_operation(*binary, from),
        Primitive::Compare(compare) if from == DType::F32 => Some(compare_operation(*compare).0),
        Primitive::Compare(compare) if is_word(from) => {
            Some(Operation::IntegerCompare(*compare, from))
        }
        _ => None,
    }
}

/// What the step of a node reads, in its order: the operands, or what a function of its own for
/// several nodes begins from.
pub(crate) fn operands(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let node = graph.node(id);
    if let Some((_, x)) = pattern(graph, id) {
        return vec![x];
    }
    let mut operands = node.operands.clone();
    if let (Primitive::Compare(compare), &[first, _]) = (&node.primitive, &operands[..])
        && graph.node(first).spec.dtype == DType::F32
        && compare_operation(*compare).1
    {
        operands.swap(0, 1);
    }
    operands
}

/// A function that stands for several nodes, and its x. Such a kernel is an override of the nodes,
/// and more accurate: a test holds it to the definition.
fn pattern(graph: &Graph, id: NodeId) -> Option<(VectorUnary, NodeId)> {
    if graph.node(id).spec.dtype != DType::F32 {
        return None;
    }
    let slope = || swish_slope(graph, id).map(|x| (VectorUnary::SwishSlope, x));
    swish(graph, id).map(|x| (VectorUnary::Swish, x)).or_else(slope)
}

/// The two operands of such a function, either way round.
fn pairs(graph: &Graph, id: NodeId, function: Binary) -> impl Iterator<Item = [NodeId; 2]> {
    let pair = match (&graph.node(id).primitive, &graph.node(id).operands[..]) {
        (Primitive::Binary(binary), &[a, b]) if *binary == function => Some([a, b]),
        _ => None,
    };
    pair.into_iter().flat_map(|[a, b]| [[a, b], [b, a]])
}

/// The operand of such a function.
fn argument(graph: &Graph, id: NodeId, function: Unary) -> Option<NodeId> {
    match (&graph.node(id).primitive, &graph.node(id).operands[..]) {
        (Primitive::Unary(unary), &[x]) if *unary == function => Some(x),
        _ => None,
    }
}

/// The x of x · sigmoid(x).
fn swish(graph: &Graph, id: NodeId) -> Option<NodeId> {
    pairs(graph, id, Binary::Multiply)
        .find(|&[x, gate]| argument(graph, gate, Unary::Sigmoid) == Some(x))
        .map(|[x, _]| x)
}

/// The x of sigmoid(x) + x · (sigmoid(x) · sigmoid(−x)), the slope of that.
fn swish_slope(graph: &Graph, id: NodeId) -> Option<NodeId> {
    let hill = |id: NodeId, x: NodeId| {
        pairs(graph, id, Binary::Multiply).any(|[gate, mirror]| {
            let mirror = argument(graph, mirror, Unary::Sigmoid);
            let negative = mirror.and_then(|mirror| argument(graph, mirror, Unary::Negative));
            argument(graph, gate, Unary::Sigmoid) == Some(x) && negative == Some(x)
        })
    };
    pairs(graph, id, Binary::Add).find_map(|[gate, product]| {
        let x = argument(graph, gate, Unary::Sigmoid)?;
        let mut factors = pairs(graph, product, Binary::Multiply);
        factors.any(|[factor, rest]| factor == x && hill(rest, x)).then_some(x)
    })
}

/// The instruction of a node that reads or makes f64.
fn wide_operation(primitive: &Primitive, from: DType, to: DType) -> Option<Operation> {
    let wide = DType::F64;
    match primitive {
        Primitive::Cast(_) if to == wide && (is_word(from) || from == DType::U8) => {
            Some(Operation::Widen(from))
        }
        Primitive::Cast(_) if from == wide && is_word(to) => Some(Operation::Narrow(to)),
        Primitive::Select(_) => Some(Operation::WideSelect),
        // A NaN differs from itself.
        Primitive::Unary(Unary::IsNan) => Some(Operation::WideCompare(Compare::NotEqual)),
        Primitive::Unary(unary) => unary.float().map(|_| Operation::WideUnary(*unary)),
        Primitive::Binary(binary) => binary.float().map(|_| Operation::WideBinary(*binary)),
        Primitive::Compare(compare) => Some(Operation::WideCompare(*compare)),
        _ => None,
    }
}

fn unary_operation(unary: Unary, dtype: DType) -> Option<Operation> {
    if dtype != DType::F32 {
        let fits = match unary {
            Unary::BitwiseNot => true,
            Unary::Negative | Unary::Absolute | Unary::Sign => dtype != DType::Bool,
            _ => false,
        };
        return fits.then_some(Operation::IntegerUnary(unary, dtype));
    }
    let vector = match unary {
        Unary::Negative => VectorUnary::Negative,
        Unary::Absolute => VectorUnary::Absolute,
        Unary::Sign => VectorUnary::Sign,
        Unary::Floor => VectorUnary::Floor,
        Unary::Ceil => VectorUnary::Ceil,
        Unary::Round => VectorUnary::Round,
        Unary::Exp => VectorUnary::Exp,
        Unary::Expm1 => VectorUnary::Expm1,
        Unary::Log => VectorUnary::Log,
        Unary::Log1p => VectorUnary::Log1p,
        Unary::Sqrt => VectorUnary::Sqrt,
        Unary::Rsqrt => VectorUnary::Rsqrt,
        Unary::Reciprocal => VectorUnary::Reciprocal,
        Unary::Tanh => VectorUnary::Tanh,
        Unary::Sigmoid => VectorUnary::Sigmoid,
        Unary::Softplus => VectorUnary::Softplus,
        Unary::Erf => VectorUnary::Erf,
        Unary::IsNan => return Some(Operation::Compare(VectorCompare::IsNan)),
        other => return other.float().map(|_| Operation::UnaryByWide(other)),
    };
    Some(Operation::Unary(vector))
}

fn binary_operation(binary: Binary, dtype: DType) -> Option<Operation> {
    if dtype != DType::F32 {
        return Some(Operation::Integer(binary, dtype));
    }
    let vector = match binary {
        Binary::Add => VectorBinary::Add,
        Binary::Subtract => VectorBinary::Subtract,
        Binary::Multiply => VectorBinary::Multiply,
        Binary::Divide => VectorBinary::Divide,
        Binary::Maximum => VectorBinary::Maximum,
        Binary::Minimum => VectorBinary::Minimum,
        other => return other.float().map(|_| Operation::BinaryByWide(other)),
    };
    Some(Operation::Binary(vector))
}

fn compare_operation(compare: Compare) -> (Operation, bool) {
    let (vector, swap) = match compare {
        Compare::Equal => (VectorCompare::Equal, false),
        Compare::NotEqual => (VectorCompare::NotEqual, false),
        Compare::Less => (VectorCompare::Less, false),
        Compare::LessEqual => (VectorCompare::LessEqual, false),
        Compare::Greater => (VectorCompare::Less, true),
        Compare::GreaterEqual => (VectorCompare::LessEqual, true),
    };
    (Operation::Compare(vector), swap)
}
