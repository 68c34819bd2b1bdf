//! From a graph to steps: which nodes are computed together, in which order, where their values
//! lie. Everything here holds for every batch size; `bound.rs` fixes one.

use std::sync::Arc;

use rhyton_graph::{
    ArgReduce, ConvolutionWindow, Graph, MaxWindowGradient, NodeId, Primitive, Reduce, Reduction,
    Shape, Window, WindowReduce, WindowReduction, simplify, without_derivatives,
};
use rhyton_tensor::DType;

pub(crate) mod elementwise;
mod explain;
mod groups;
pub(crate) mod products;
pub(crate) mod program;
mod schedule;
pub(crate) mod views;
pub(crate) mod windows;

use crate::machine::{self, Pages};
use crate::simd::Level;
use program::{Chain, Memory, Product, Source};
pub(crate) use schedule::{Place, Slot};

/// A program's steps and the places of its values.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) graph: Graph,
    pub(crate) slots: Vec<Slot>,
    pub(crate) steps: Vec<Step>,
    /// The first step that changes a variable: from there on a run is not cancelled.
    pub(crate) first_change: usize,
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) kernel: Kernel,
    /// The layer it belongs to.
    pub(crate) path: Arc<str>,
    /// The nodes it computes.
    pub(crate) nodes: Vec<NodeId>,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Kernel {
    Chain(Chain),
    Product(Product),
    Reduce {
        reduce: Reduce,
        from: Source,
        to: usize,
    },
    ArgReduce {
        reduce: ArgReduce,
        from: Source,
        to: usize,
    },
    /// The derivative of a convolution by its kernel, from x and the cotangent, with partial sums
    /// and x with its channels repeated.
    WeightGradient {
        window: ConvolutionWindow,
        /// The kernel's shape; the result may lie as an output of another one.
        kernel: Shape,
        operands: [Source; 2],
        to: usize,
        partials: usize,
        repeated: usize,
    },
    WindowReduce {
        reduction: WindowReduction,
        window: Window,
        from: Source,
        to: usize,
    },
    /// The derivative of windows' maxima, from x and the cotangent.
    MaxWindowGradient {
        window: Window,
        operands: [Source; 2],
        to: usize,
    },
    /// A value in the order of its view, dense.
    Copy {
        from: Source,
        to: usize,
    },
    /// Boxes of elements to boxes of elements, after filling everything with one element if given.
    Move {
        parts: Vec<Source>,
        fill: Option<Source>,
        node: NodeId,
        to: usize,
    },
    RandomBits {
        key: Source,
        counter: Source,
        length: usize,
        to: usize,
    },
    Iota {
        shape: Shape,
        axis: usize,
        dtype: DType,
        to: usize,
    },
    Dimension {
        shape: Shape,
        axis: usize,
        to: usize,
    },
    /// The primitive's own evaluation, which allocates.
    Reference {
        node: NodeId,
        operands: Vec<(Source, Shape)>,
        to: usize,
    },
}

impl Plan {
    /// Plans a graph, with machine code for an instruction set of this machine if one is given.
    pub(crate) fn new(graph: &Graph, code: Option<Level>) -> Self {
        let graph = &products::normalise(&simplify(&without_derivatives(graph)));
        let views = views::Views::resolve(graph);
        let groups = groups::Groups::find(graph, &views);
        let (slots, mut steps) = schedule::schedule(graph, &views, &groups);
        let chains = steps.iter_mut().filter_map(|step| match &mut step.kernel {
            Kernel::Chain(chain) => Some(chain),
            _ => None,
        });
        if let Some(level) = code {
            machine::assemble(chains, level, Pages::new);
        }
        let changes = |step: &Step| {
            step.kernel.writes().iter().any(|&slot| matches!(slots[slot].place, Place::Variable(_)))
        };
        let first_change = steps.iter().position(changes).unwrap_or(steps.len());
        Self { graph: graph.clone(), slots, steps, first_change }
    }
}

/// Whether a node that is a step of its own has no fast kernel.
pub(crate) fn is_reference(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let from = node.operands.first().map(|&operand| graph.node(operand).spec.dtype);
    let word = from.is_some_and(elementwise::is_word);
    let float = from == Some(DType::F32);
    match &node.primitive {
        Primitive::Reduce(reduce) => match reduce.reduction {
            Reduction::Any | Reduction::All => false,
            Reduction::Product => !float,
            _ => !word,
        },
        Primitive::ArgReduce(_) => !word,
        Primitive::Slice(_)
        | Primitive::Pad(_)
        | Primitive::Concatenate(_)
        | Primitive::Reverse(_)
        | Primitive::RandomBits(_)
        | Primitive::Dimension(_) => false,
        Primitive::Iota(iota) => !matches!(iota.dtype, DType::F32 | DType::I32 | DType::U32),
        Primitive::Dot(_)
        | Primitive::Convolution(_)
        | Primitive::ConvolutionInputGradient(_)
        | Primitive::ConvolutionKernelGradient(_) => !float,
        Primitive::WindowReduce(WindowReduce { window, .. })
        | Primitive::MaxWindowGradient(MaxWindowGradient { window }) => {
            !float || windows::axes(window).is_none()
        }
        _ => true,
    }
}

/// The kernel of a node that is a step of its own.
fn kernel_of(memory: &Memory<'_>, id: NodeId) -> Kernel {
    let node = memory.graph.node(id);
    let to = memory.slots[id.index()].expect("a step of its own has memory");
    let source = |place: usize| memory.source(memory.views.read(node.operands[place]));
    if is_reference(memory.graph, id) {
        let shape = |operand: &NodeId| memory.graph.node(*operand).spec.shape.clone();
        let operands = node.operands.iter().enumerate();
        let operands = operands.map(|(place, operand)| (source(place), shape(operand))).collect();
        return Kernel::Reference { node: id, operands, to };
    }
    match &node.primitive {
        Primitive::Reduce(reduce) => Kernel::Reduce { reduce: reduce.clone(), from: source(0), to },
        Primitive::ArgReduce(reduce) => Kernel::ArgReduce { reduce: *reduce, from: source(0), to },
        Primitive::WindowReduce(WindowReduce { reduction, window }) => {
            let (reduction, window) = (*reduction, window.clone());
            Kernel::WindowReduce { reduction, window, from: source(0), to }
        }
        Primitive::MaxWindowGradient(MaxWindowGradient { window }) => {
            let operands = [source(0), source(1)];
            Kernel::MaxWindowGradient { window: window.clone(), operands, to }
        }
        Primitive::RandomBits(bits) => {
            Kernel::RandomBits { key: source(0), counter: source(1), length: bits.length, to }
        }
        Primitive::Iota(iota) => {
            Kernel::Iota { shape: iota.shape.clone(), axis: iota.axis, dtype: iota.dtype, to }
        }
        Primitive::Dimension(dimension) => {
            let shape = memory.graph.node(node.operands[0]).spec.shape.clone();
            Kernel::Dimension { shape, axis: dimension.axis, to }
        }
        Primitive::Pad(_) => {
            Kernel::Move { parts: vec![source(0)], fill: Some(source(1)), node: id, to }
        }
        _ => {
            let parts = (0..node.operands.len()).map(source).collect();
            Kernel::Move { parts, fill: None, node: id, to }
        }
    }
}

impl Kernel {
    /// The slots it writes.
    pub(crate) fn writes(&self) -> Vec<usize> {
        match self {
            Self::Chain(chain) => {
                let stores = chain.stores.iter().map(|store| store.slot);
                let product = chain.product.iter().flat_map(|product| [product.to, product.packed]);
                stores.chain(product).collect()
            }
            Self::Product(product) => vec![product.to, product.packed],
            Self::WeightGradient { to, partials, repeated, .. } => vec![*to, *partials, *repeated],
            Self::Reduce { to, .. }
            | Self::ArgReduce { to, .. }
            | Self::WindowReduce { to, .. }
            | Self::MaxWindowGradient { to, .. }
            | Self::Copy { to, .. }
            | Self::Move { to, .. }
            | Self::RandomBits { to, .. }
            | Self::Iota { to, .. }
            | Self::Dimension { to, .. }
            | Self::Reference { to, .. } => vec![*to],
        }
    }

    /// The slots it reads.
    pub(crate) fn reads(&self) -> Vec<usize> {
        match self {
            Self::Chain(chain) => {
                let leaves = chain.leaves.iter().map(|leaf| leaf.source.slot);
                let product = chain.product.iter().flat_map(|product| &product.operands);
                leaves.chain(product.map(|source| source.slot)).collect()
            }
            Self::Product(product) => product.operands.iter().map(|source| source.slot).collect(),
            Self::WeightGradient { operands, .. } | Self::MaxWindowGradient { operands, .. } => {
                operands.iter().map(|source| source.slot).collect()
            }
            Self::Reduce { from, .. }
            | Self::ArgReduce { from, .. }
            | Self::WindowReduce { from, .. }
            | Self::Copy { from, .. } => vec![from.slot],
            Self::Move { parts, fill, .. } => {
                parts.iter().chain(fill).map(|source| source.slot).collect()
            }
            Self::RandomBits { key, counter, .. } => vec![key.slot, counter.slot],
            Self::Iota { .. } | Self::Dimension { .. } => Vec::new(),
            Self::Reference { operands, .. } => {
                operands.iter().map(|(from, _)| from.slot).collect()
            }
        }
    }
}
