use std::sync::Arc;

use rhyton_graph::{Dim, Dot, Graph, Node, NodeId, Primitive, Shape, Transpose};
use rhyton_tensor::DType;

use super::program::Form;
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
    form(graph, id).is_some()
}

/// What the node sums, if it is a product with a fast kernel.
pub(crate) fn form(graph: &Graph, id: NodeId) -> Option<Form> {
    let form = match &graph.node(id).primitive {
        Primitive::Dot(dot) => Form::Dot(dot.clone()),
        Primitive::Convolution(convolution) => Form::Convolution(convolution.window.clone()),
        Primitive::ConvolutionInputGradient(gradient) => {
            Form::InputGradient(gradient.window.clone(), gradient.shape.clone())
        }
        _ => return None,
    };
    is_fast(graph, id).then_some(form)
}

/// Whether the product's rows are computed in order, so that a chain can follow panel by panel.
pub(crate) fn is_in_order(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    match form(graph, id) {
        Some(Form::Dot(_) | Form::Convolution(_)) => true,
        Some(Form::InputGradient(window, x)) => {
            // Where each channel is a group, several of the cotangent's become one.
            let kernel = &graph.node(node.operands[1]).spec.shape;
            let repeated =
                x.last() != kernel.last() && Some(&Dim::fixed(window.groups)) == x.last();
            window.stride.iter().all(|&stride| stride == 1) && (window.groups == 1 || !repeated)
        }
        None => false,
    }
}

/// The graph with every product that only swapped rows and columns are read of computed the other
/// way round, and with a transposition before every operand of a product whose axes do not lie as
/// batch, rows or columns, and depth in one piece each; carried out only if it must be.
pub(crate) fn normalise(graph: &Graph) -> Graph {
    let turned = turned(graph);
    let mut result = Graph { variables: Arc::clone(&graph.variables), ..Graph::default() };
    let mut place: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for (id, node) in graph.iter() {
        if let (Primitive::Transpose(_), &[product]) = (&node.primitive, &node.operands[..])
            && turned[product.index()].is_some()
        {
            place.push(place[product.index()]);
            continue;
        }
        let mut node = node.clone();
        for operand in &mut node.operands {
            *operand = place[operand.index()];
        }
        if let Some(permutation) = &turned[id.index()] {
            turn(&mut node, permutation);
        }
        if is_product(graph, id) {
            for operand in 0..2 {
                order_axes(&mut result, &mut node, operand);
            }
        }
        result.nodes.push(node);
        place.push(NodeId(result.nodes.len() as u32 - 1));
    }
    let moved = |ids: &[NodeId]| ids.iter().map(|id| place[id.index()]).collect();
    result.inputs = moved(&graph.inputs);
    result.assigns = moved(&graph.assigns);
    let outputs = graph.outputs.iter();
    result.outputs = outputs.map(|(name, id)| (name.clone(), place[id.index()])).collect();
    result
}

/// For products that are read by nothing but transpositions of rows and columns, that permutation.
/// The derivative of a weight is one as it is derived; turned, its update can follow panel by panel.
fn turned(graph: &Graph) -> Vec<Option<Vec<usize>>> {
    let mut turned: Vec<_> = graph.iter().map(|(id, _)| swap(graph, id)).collect();
    let mut read = vec![false; graph.nodes.len()];
    for (_, node) in graph.iter() {
        for operand in node.operands.iter().map(|operand| operand.index()) {
            let swaps = match (&node.primitive, &turned[operand]) {
                (Primitive::Transpose(transpose), Some(swap)) => transpose.permutation == *swap,
                _ => false,
            };
            read[operand] = true;
            if !swaps {
                turned[operand] = None;
            }
        }
    }
    for root in graph.roots() {
        turned[root.index()] = None;
    }
    turned.into_iter().zip(read).map(|(swap, read)| swap.filter(|_| read)).collect()
}

/// The permutation of a product's axes that swaps its rows with its columns.
fn swap(graph: &Graph, id: NodeId) -> Option<Vec<usize>> {
    let node = graph.node(id);
    let Primitive::Dot(dot) = &node.primitive else { return None };
    let rank = node.spec.shape.rank();
    let batch = dot.batch[0].len();
    let rows = dot.free(0, graph.node(node.operands[0]).spec.shape.rank()).len();
    let columns = batch + rows..rank;
    is_fast(graph, id).then(|| (0..batch).chain(columns).chain(batch..batch + rows).collect())
}

/// Swaps the operands of a product, and so the axes of its result.
fn turn(node: &mut Node, permutation: &[usize]) {
    let Primitive::Dot(dot) = &mut node.primitive else { return };
    dot.batch.swap(0, 1);
    dot.contract.swap(0, 1);
    node.operands.swap(0, 1);
    let shape: Shape = permutation.iter().map(|&axis| node.spec.shape[axis]).collect();
    node.spec = node.spec.with_shape(shape);
}

/// Puts one operand's axes in order, if they are not.
fn order_axes(graph: &mut Graph, node: &mut Node, operand: usize) {
    let Primitive::Dot(dot) = &mut node.primitive else { return };
    let source = graph.node(node.operands[operand]).clone();
    let free = dot.free(operand, source.spec.shape.rank());
    let in_one_piece = |axes: &[usize]| axes.windows(2).all(|pair| pair[1] == pair[0] + 1);
    if in_one_piece(&free) && in_one_piece(&dot.contract[operand]) {
        return;
    }
    let (batch, depth) = (&dot.batch[operand], &dot.contract[operand]);
    let permutation: Vec<usize> = batch.iter().chain(&free).chain(depth).copied().collect();
    let shape: Shape = permutation.iter().map(|&axis| source.spec.shape[axis]).collect();
    let start = batch.len() + free.len();
    let (batch, contract) = ((0..batch.len()).collect(), (start..permutation.len()).collect());
    dot.batch[operand] = batch;
    dot.contract[operand] = contract;
    graph.nodes.push(Node {
        primitive: Transpose { permutation }.into(),
        operands: vec![node.operands[operand]],
        spec: source.spec.with_shape(shape),
        path: Arc::clone(&node.path),
    });
    node.operands[operand] = NodeId(graph.nodes.len() as u32 - 1);
}
