use rhyton_tensor::Array;

use super::{Fate, Pass, Rewrite};
use crate::{Constant, Graph, Node, Primitive};

/// Computes what follows from constants alone, unless the result is larger than they are.
pub(super) const PASS: Pass = Pass { name: "fold", run };

fn run(graph: &Graph) -> Graph {
    Rewrite::run(graph, |graph, node| match value(graph, &node) {
        Some(array) => {
            let primitive = Constant::new(array).into();
            Fate::Kept(Box::new(Node { primitive, operands: Vec::new(), ..node }))
        }
        None => Fate::Kept(Box::new(node)),
    })
}

/// The node's value, if it can be known now and is worth a constant.
fn value(graph: &Graph, node: &Node) -> Option<Array> {
    if let (Primitive::Dimension(dimension), [operand]) = (&node.primitive, &node.operands[..]) {
        let size = graph.node(*operand).spec.shape[dimension.axis].fixed_size()?;
        return Some(Array::scalar(size as i32));
    }
    let effects = matches!(
        node.primitive,
        Primitive::Assign(_)
            | Primitive::Tap(_)
            | Primitive::Scan(_)
            | Primitive::StopGradient(_)
            | Primitive::CustomGradient(_)
    );
    if effects || node.operands.is_empty() {
        return None;
    }
    let operands: Vec<&Array> = node
        .operands
        .iter()
        .map(|&operand| match &graph.node(operand).primitive {
            Primitive::Constant(constant) => Some(&*constant.array),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let sizes = node.spec.shape.fixed_sizes()?;
    let bytes = sizes.iter().product::<usize>() * node.spec.dtype.size_bytes();
    let operand_bytes: usize = operands.iter().map(|operand| operand.bytes().len()).sum();
    if bytes > operand_bytes.max(8) {
        return None;
    }
    let value = node.primitive.rule().evaluate(&operands, 1).ok()?;
    (value.shape() == sizes && value.dtype() == node.spec.dtype).then_some(value)
}
