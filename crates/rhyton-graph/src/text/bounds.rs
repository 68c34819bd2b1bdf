//! What a graph's text may ask for, so that neither reading it nor a run of what was read gets out
//! of hand. Sizes are counted at N = 1; the batch itself is the caller's choice.

use crate::{Error, Graph, Node, Primitive, Result, Shape, Window};

/// The longest text that is read.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// Nodes in all, those of sub-graphs included.
pub(super) const NODES_MAX: usize = 100_000;
/// Sub-graphs in sub-graphs, lists in lists.
pub(super) const DEPTH_MAX: usize = 8;
/// Elements of all values together.
pub(super) const TOTAL_MAX: u64 = 1 << 28;
const RANK_MAX: usize = 32;
/// Elements of one value, zeros counted as ones.
const VOLUME_MAX: u64 = 1 << 26;
/// Axes of one value that grow with the batch: two where rows meet rows.
const DEGREE_MAX: usize = 2;
/// Elements of a value that grows with the square of the batch.
const SQUARE_MAX: u64 = 1 << 16;
/// Nodes that a run computes, each step of a loop counted.
const COST_MAX: u64 = 1 << 24;
/// Elements and multiplications that a run computes, each step of a loop counted.
const WORK_MAX: u64 = 1 << 36;

/// The number of elements, or what a shape must be for its arithmetic and storage to stay bounded.
pub(super) fn bounded(shape: &Shape) -> Result<u64, String> {
    let volume = volume(shape);
    if shape.rank() > RANK_MAX || volume > VOLUME_MAX {
        return Err(format!("at most {RANK_MAX} axes and {VOLUME_MAX} elements at N = 1"));
    }
    let degree = shape.iter().filter(|dim| dim.batches > 0).count();
    if degree > DEGREE_MAX || (degree == DEGREE_MAX && volume > SQUARE_MAX) {
        return Err(format!(
            "at most {DEGREE_MAX} axes of the batch, and then {SQUARE_MAX} elements at N = 1"
        ));
    }
    Ok(volume)
}

/// Fails for a graph whose loops would run without end.
pub(super) fn check_cost(graph: &Graph) -> Result<()> {
    let Cost { nodes, work } = cost(graph);
    if nodes <= COST_MAX && work <= WORK_MAX {
        return Ok(());
    }
    let expected =
        format!("{COST_MAX} nodes and {WORK_MAX} operations at most, all steps of loops counted");
    Err(Error::argument("graph text", "scan", expected, format!("{nodes} and {work}")))
}

struct Cost {
    nodes: u64,
    work: u64,
}

fn cost(graph: &Graph) -> Cost {
    let mut total = Cost { nodes: 0, work: 0 };
    for node in &graph.nodes {
        let (inner, steps) = match &node.primitive {
            Primitive::Scan(scan) => (cost(&scan.body), scan.length as u64),
            Primitive::CustomGradient(custom) => (cost(&custom.derivative), 1),
            _ => (Cost { nodes: 0, work: 0 }, 0),
        };
        let nodes = inner.nodes.saturating_mul(steps).saturating_add(1);
        let work = inner.work.saturating_mul(steps).saturating_add(work(graph, node));
        total.nodes = total.nodes.saturating_add(nodes);
        total.work = total.work.saturating_add(work);
    }
    total
}

/// The elements of a node's result, times the products or the elements of a window behind each.
fn work(graph: &Graph, node: &Node) -> u64 {
    let operand = |place: usize| &graph.node(node.operands[place]).spec.shape;
    let result = &node.spec.shape;
    match &node.primitive {
        Primitive::Dot(dot) => {
            let contracted = dot.contract[0].iter().map(|&axis| operand(0)[axis]);
            volume(result).saturating_mul(volume(&contracted.collect()))
        }
        Primitive::Convolution(_) => products(result, operand(1)),
        Primitive::ConvolutionInputGradient(_) => products(operand(0), operand(1)),
        Primitive::ConvolutionKernelGradient(_) => products(operand(1), result),
        Primitive::WindowReduce(reduce) => inside(result, &reduce.window),
        Primitive::MaxWindowGradient(gradient) => inside(operand(1), &gradient.window),
        _ => volume(result),
    }
}

/// The products of a convolution to these windows, which end in the kernel's channels.
fn products(windows: &Shape, kernel: &Shape) -> u64 {
    let inner: Shape = kernel.iter().copied().take(kernel.rank().saturating_sub(1)).collect();
    volume(windows).saturating_mul(volume(&inner))
}

fn inside(windows: &Shape, window: &Window) -> u64 {
    window.size.iter().fold(volume(windows), |work, &size| work.saturating_mul(size as u64))
}

fn volume(shape: &Shape) -> u64 {
    let sizes = shape
        .iter()
        .map(|dim| (dim.batches as u64).saturating_add(dim.constant.unsigned_abs() as u64).max(1));
    sizes.fold(1, u64::saturating_mul)
}
