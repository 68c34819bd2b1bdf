use rhyton_graph::{Dot, Graph, NodeId};
use rhyton_tensor::DType;

use super::views::{Strided, View};

/// A product as `batch` times `[rows, depth] · [depth, columns]`, at one batch size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Canonical {
    pub(crate) batch: Vec<usize>,
    /// For each operand, the strides of the batch axes.
    pub(crate) batch_strides: [Vec<usize>; 2],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) depth: usize,
    /// Of the first operand: along rows and along depth.
    pub(crate) a: [usize; 2],
    /// Of the second operand: along depth and along columns.
    pub(crate) b: [usize; 2],
}

/// Whether the product has a fast kernel.
pub(crate) fn is_fast(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    graph.node(node.operands[0]).spec.dtype == DType::F32
}

/// The size and the one stride of axes that lie behind each other as one, if they do.
fn merge(view: &Strided, axes: &[usize]) -> Option<(usize, usize)> {
    let mut size = 1;
    let mut stride: Option<usize> = None;
    for &axis in axes.iter().rev() {
        if view.sizes[axis] == 1 {
            continue;
        }
        match stride {
            None => stride = Some(view.strides[axis]),
            Some(inner) if view.strides[axis] == inner * size => {}
            Some(_) => return None,
        }
        size *= view.sizes[axis];
    }
    Some((size, stride.unwrap_or(0)))
}

/// Whether an operand's axes merge into rows, columns and depth for every batch size. Strides are
/// polynomials in N of small degree, so a few sizes decide.
pub(crate) fn fits(graph: &Graph, dot: &Dot, operand: usize, view: &View) -> bool {
    let root = &graph.node(view.root).spec.shape;
    [2, 3, 5, 7].into_iter().all(|batch| {
        let strided = view.bind(root, batch);
        let free = dot.free(operand, strided.sizes.len());
        merge(&strided, &free).is_some() && merge(&strided, &dot.contract[operand]).is_some()
    })
}

/// The product at a batch size; the operands' axes merge.
pub(crate) fn canonical(dot: &Dot, views: [&Strided; 2]) -> Canonical {
    let group = |operand: usize, axes: &[usize]| {
        merge(views[operand], axes).expect("operands that do not merge were moved")
    };
    let free = |operand: usize| group(operand, &dot.free(operand, views[operand].sizes.len()));
    let (rows, a_rows) = free(0);
    let (columns, b_columns) = free(1);
    let (depth, a_depth) = group(0, &dot.contract[0]);
    let (_, b_depth) = group(1, &dot.contract[1]);
    let pick = |operand: usize, values: &[usize]| -> Vec<usize> {
        dot.batch[operand].iter().map(|&axis| values[axis]).collect()
    };
    Canonical {
        batch: pick(0, &views[0].sizes),
        batch_strides: [pick(0, &views[0].strides), pick(1, &views[1].strides)],
        rows,
        columns,
        depth,
        a: [a_rows, a_depth],
        b: [b_depth, b_columns],
    }
}

/// Whether the node is a product with a fast kernel.
pub(crate) fn is_product(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id).primitive, rhyton_graph::Primitive::Dot(_)) && is_fast(graph, id)
}
