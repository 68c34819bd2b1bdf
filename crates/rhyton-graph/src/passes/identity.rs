use super::{Fate, Pass, Rewrite};
use crate::{Dim, Graph, Node, Primitive, Reshape};

/// Takes away what only moves elements to where they are, and reshapes of reshapes.
pub(super) const PASS: Pass = Pass { name: "identity", run };

fn run(graph: &Graph) -> Graph {
    Rewrite::run(graph, |graph, mut node| {
        if changes_nothing(graph, &node) {
            return Fate::Same(node.operands[0]);
        }
        if let Primitive::Reshape(Reshape { .. }) = node.primitive {
            let before = graph.node(node.operands[0]);
            if matches!(before.primitive, Primitive::Reshape(_)) {
                let source = before.operands[0];
                if graph.node(source).spec == node.spec {
                    return Fate::Same(source);
                }
                node.operands = vec![source];
            }
        }
        Fate::Kept(Box::new(node))
    })
}

/// Not among them: a reduction over no axes, since 0 + −0 is 0.
fn changes_nothing(graph: &Graph, node: &Node) -> bool {
    let Some(&operand) = node.operands.first() else { return false };
    if graph.node(operand).spec != node.spec {
        return false;
    }
    match &node.primitive {
        Primitive::Reshape(_) | Primitive::Broadcast(_) | Primitive::Cast(_) => true,
        Primitive::Transpose(transpose) => {
            transpose.permutation.iter().copied().eq(0..transpose.permutation.len())
        }
        Primitive::Reverse(reverse) => {
            reverse.axes.iter().all(|&axis| node.spec.shape[axis] == Dim::ONE)
        }
        Primitive::Concatenate(_) => node.operands.len() == 1,
        Primitive::Slice(slice) => {
            let whole = |axis: usize| {
                slice.start[axis] == Dim::fixed(0) && slice.limit[axis] == node.spec.shape[axis]
            };
            (0..node.spec.shape.rank()).all(|axis| whole(axis) && slice.stride[axis] == 1)
        }
        Primitive::Pad(pad) => {
            let none = |dims: &[Dim]| dims.iter().all(|&dim| dim == Dim::fixed(0));
            none(&pad.low) && none(&pad.high) && pad.interior.iter().all(|&count| count == 0)
        }
        _ => false,
    }
}
