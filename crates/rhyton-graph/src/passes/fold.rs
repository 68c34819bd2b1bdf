use rhyton_tensor::Array;

use super::{Fate, Pass, Rewrite};
use crate::{Constant, Graph, Node, Primitive};

/// Computes what follows from constants alone, unless the result is larger than they are.
pub(super) const PASS: Pass = Pass { name: "fold", run };

/// Products of larger constants are left to the backend.
const PRODUCT_BYTES_MAX: usize = 64 << 10;

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
    let elements = sizes.iter().try_fold(1_usize, |all, &size| all.checked_mul(size))?;
    let bytes = elements.checked_mul(node.spec.dtype.size_bytes())?;
    let operand_bytes: usize = operands.iter().map(|operand| operand.bytes().len()).sum();
    let is_product = matches!(
        node.primitive,
        Primitive::Dot(_)
            | Primitive::Convolution(_)
            | Primitive::ConvolutionInputGradient(_)
            | Primitive::ConvolutionKernelGradient(_)
    );
    // The reference evaluation of a large product takes longer than a backend's would ever.
    if bytes > operand_bytes.max(8) || is_product && operand_bytes > PRODUCT_BYTES_MAX {
        return None;
    }
    let value = node.primitive.rule().evaluate(&operands, 1).ok()?;
    (value.shape() == sizes && value.dtype() == node.spec.dtype).then_some(value)
}
