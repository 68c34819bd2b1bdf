use std::collections::BTreeMap;

use crate::primitives::Gradient;
use crate::tensor::Value;
use crate::tracer::{Traced, Tracer};
use crate::{Error, Node, NodeId, Result, Tensor, add, zeros_like};

/// The gradients of a scalar with respect to tensors of the same program, by reverse accumulation.
///
/// A tensor on which the scalar does not depend (or only through integers, comparisons or
/// `stop_gradient`) gets zeros of its shape.
///
/// # Errors
/// [`Error::Shape`] if `loss` is no scalar, [`Error::DType`] if it is no float, the failure that a
/// tensor carries, [`Error::Mixed`] for tensors of different programs.
pub fn gradients(loss: &Tensor, with_respect_to: &[&Tensor]) -> Result<Vec<Tensor>> {
    let target = traced(loss)?;
    if loss.rank() != 0 {
        return Err(Error::shape("gradients", "loss", "a scalar", loss.shape()));
    }
    if !loss.dtype().is_float() {
        return Err(Error::dtype("gradients", "loss", "a float", loss.dtype()));
    }
    let sources: Vec<NodeId> =
        with_respect_to.iter().map(|tensor| Ok(traced(tensor)?.node)).collect::<Result<_>>()?;
    let nodes = target.tracer.nodes();
    let reaches = depends_on(&nodes, &sources, target.node);
    let mut cotangents: BTreeMap<NodeId, Tensor> = BTreeMap::new();
    cotangents.insert(target.node, loss.scalar_like(1.0));
    for index in (0..=target.node.index()).rev() {
        let id = NodeId(index as u32);
        if !reaches[index] {
            continue;
        }
        let is_source = sources.contains(&id);
        let known = if is_source { cotangents.get(&id).cloned() } else { cotangents.remove(&id) };
        if let Some(cotangent) = known {
            let reached = |operand: NodeId| reaches[operand.index()];
            propagate(&target.tracer, &nodes, id, (&cotangent, &reached), &mut cotangents)?;
        }
    }
    sources
        .iter()
        .zip(with_respect_to)
        .map(|(id, tensor)| {
            cotangents.get(id).cloned().unwrap_or_else(|| zeros_like(tensor)).checked()
        })
        .collect()
}

/// Which nodes up to `last` depend on one of `sources` (a source depends on itself).
fn depends_on(nodes: &[Node], sources: &[NodeId], last: NodeId) -> Vec<bool> {
    let mut reaches = vec![false; last.index() + 1];
    for index in 0..reaches.len() {
        let node = &nodes[index];
        reaches[index] = sources.contains(&NodeId(index as u32))
            || node.operands.iter().any(|operand| reaches[operand.index()]);
    }
    reaches
}

/// Adds what a node's rule says to the cotangents of its operands.
fn propagate(
    tracer: &Tracer,
    nodes: &[Node],
    id: NodeId,
    (cotangent, reached): (&Tensor, &dyn Fn(NodeId) -> bool),
    cotangents: &mut BTreeMap<NodeId, Tensor>,
) -> Result<()> {
    let node = &nodes[id.index()];
    let operands: Vec<Tensor> =
        node.operands.iter().map(|&operand| tracer.tensor(operand)).collect();
    let needed: Vec<bool> = node.operands.iter().map(|&operand| reached(operand)).collect();
    let result = tracer.tensor(id);
    tracer.at_path(&node.path, || {
        let gradient =
            Gradient { operands: &operands, result: &result, cotangent, needed: &needed };
        let contributions = gradient.apply(&node.primitive)?;
        for ((&operand, contribution), _) in
            node.operands.iter().zip(contributions).zip(&needed).filter(|(_, needed)| **needed)
        {
            let Some(contribution) = contribution else { continue };
            let contribution = contribution.checked()?;
            let sum = match cotangents.remove(&operand) {
                Some(earlier) => add(&earlier, &contribution),
                None => contribution,
            };
            cotangents.insert(operand, sum);
        }
        Ok(())
    })
}

fn traced(tensor: &Tensor) -> Result<&Traced> {
    match &tensor.0 {
        Value::Traced(traced) => Ok(traced),
        Value::Failed(error) => Err((**error).clone()),
        Value::Recorded(_) => Err(Error::Mixed { operation: "gradients".to_owned() }),
    }
}
