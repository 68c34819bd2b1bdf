//! Reverse differentiation: from a scalar back through the primitives' own rules, one of which
//! takes a derivative that a caller stated. In tests a rule can be corrupted, to see that checks
//! notice.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::primitives::Gradient;
use crate::tensor::Value;
use crate::tracer::{Traced, Tracer};
use crate::{
    CustomGradient, Error, Graph, Node, NodeId, Primitive, Result, Shape, Tensor, add, reshape_to,
    sum_axes, zeros_like,
};

#[cfg(test)]
pub(crate) mod corruption;

/// The gradients of a scalar with respect to tensors of the same program, by reverse accumulation.
///
/// A tensor on which the scalar does not depend (or only through integers, comparisons or
/// `stop_gradient`) gets zeros of its shape.
///
/// # Errors
/// [`Error::Shape`] if `loss` is no scalar, [`Error::DType`] if it is no float, the failure that a
/// tensor carries, [`Error::Mixed`] for tensors of different programs.
pub fn gradients(loss: &Tensor, with_respect_to: &[&Tensor]) -> Result<Vec<Tensor>> {
    traced(loss)?;
    if loss.rank() != 0 {
        return Err(Error::shape("gradients", "loss", "a scalar", loss.shape()));
    }
    if !loss.dtype().is_float() {
        return Err(Error::dtype("gradients", "loss", "a float", loss.dtype()));
    }
    let seeds = [(loss.clone(), loss.scalar_like(1.0))];
    let found = pull_back(&seeds, with_respect_to, &mut |_| false)?;
    found
        .into_iter()
        .zip(with_respect_to)
        .map(|(gradient, tensor)| gradient.unwrap_or_else(|| zeros_like(tensor)).checked())
        .collect()
}

/// `value`, an elementwise function of `inputs` that broadcast to its shape, with a derivative of
/// the caller's own: `derivative` gets the inputs and the result and returns, for each input, the
/// derivative by it, which is used in place of what the primitives say. It is traced once, as a
/// program of its own, so it must use no other tensors; it goes into files and loops with the
/// value. Tensors that belong to no program are returned as they are.
#[track_caller]
pub fn custom_gradient(
    inputs: &[&Tensor],
    value: &Tensor,
    derivative: impl FnOnce(&[Tensor], &Tensor) -> Vec<Tensor>,
) -> Tensor {
    let is_traced = |tensor: &&Tensor| matches!(tensor.0, Value::Traced(_));
    if !inputs.iter().chain([&value]).all(is_traced) {
        return value.clone();
    }
    let place = std::panic::Location::caller();
    match derivative_graph(inputs, value, derivative) {
        Ok(derivative) => {
            let operands = [&[value], inputs].concat();
            Tensor::emit(CustomGradient { derivative: Arc::new(derivative) }, &operands)
        }
        Err(error) => Tensor::failed(error).located(place),
    }
}

fn derivative_graph(
    inputs: &[&Tensor],
    value: &Tensor,
    derivative: impl FnOnce(&[Tensor], &Tensor) -> Vec<Tensor>,
) -> Result<Graph> {
    let tracer = Tracer::new(Arc::new([]));
    let named = inputs.iter().enumerate();
    let inputs: Vec<Tensor> =
        named.map(|(at, input)| tracer.input(&format!("x{at}"), input.spec().clone())).collect();
    let value = tracer.input("y", value.spec().clone());
    for (at, slope) in derivative(&inputs, &value).iter().enumerate() {
        tracer.output(&format!("dx{at}"), slope)?;
    }
    Ok(tracer.finish())
}

/// A contribution that is about to be made: `node` hands the cotangent of its result on to one of
/// its operands.
pub(crate) struct Use<'a> {
    pub(crate) node: &'a Node,
    pub(crate) operand: usize,
    pub(crate) cotangent: &'a Tensor,
}

/// The cotangents of tensors, from those of `seeds`; `None` where none arrives. A use for which
/// `defer` answers true contributes nothing: the caller sees to it.
pub(crate) fn pull_back(
    seeds: &[(Tensor, Tensor)],
    with_respect_to: &[&Tensor],
    defer: &mut dyn FnMut(&Use<'_>) -> bool,
) -> Result<Vec<Option<Tensor>>> {
    let Some((first, _)) = seeds.first() else { return Ok(vec![None; with_respect_to.len()]) };
    let tracer = traced(first)?.tracer.clone();
    let sources: Vec<NodeId> =
        with_respect_to.iter().map(|tensor| Ok(traced(tensor)?.node)).collect::<Result<_>>()?;
    let nodes = tracer.nodes();
    let mut last = 0;
    let mut pull = Pull { tracer, nodes, reaches: Vec::new(), cotangents: BTreeMap::new() };
    for (target, cotangent) in seeds {
        let node = traced(target)?.node;
        last = last.max(node.index());
        pull.add((node, 0), cotangent.clone().checked()?)?;
    }
    pull.reaches = pull.depends_on(&sources, last);
    for index in (0..=last).rev().filter(|&index| pull.reaches[index]).collect::<Vec<_>>() {
        let id = NodeId(index as u32);
        let cotangents = pull.collect(id, sources.contains(&id));
        if cotangents.iter().any(Option::is_some) {
            pull.propagate(id, &cotangents, defer)?;
        }
    }
    Ok(sources.iter().map(|id| pull.cotangents.get(&(*id, 0)).cloned()).collect())
}

/// A differentiation under way: cotangents so far, by node and, for a loop, by its value.
struct Pull {
    tracer: Tracer,
    nodes: Vec<Node>,
    reaches: Vec<bool>,
    cotangents: BTreeMap<(NodeId, usize), Tensor>,
}

impl Pull {
    /// Which nodes up to `last` depend on one of `sources` (a source depends on itself).
    fn depends_on(&self, sources: &[NodeId], last: usize) -> Vec<bool> {
        let mut reaches = vec![false; last + 1];
        for index in 0..reaches.len() {
            let id = NodeId(index as u32);
            let any = |ids: &[NodeId]| ids.iter().any(|operand| reaches[operand.index()]);
            reaches[index] = sources.contains(&id) || any(&self.nodes[index].operands);
        }
        reaches
    }

    /// The cotangents that have arrived at a node, one for each of its values.
    fn collect(&mut self, id: NodeId, is_source: bool) -> Vec<Option<Tensor>> {
        let count = match &self.nodes[id.index()].primitive {
            Primitive::Scan(scan) => scan.body.outputs.len(),
            _ => 1,
        };
        let values = (0..count).map(|value| (id, value));
        if is_source {
            return values.map(|key| self.cotangents.get(&key).cloned()).collect();
        }
        values.map(|key| self.cotangents.remove(&key)).collect()
    }

    /// Adds what a node's rule says to the cotangents of its operands.
    fn propagate(
        &mut self,
        id: NodeId,
        cotangents: &[Option<Tensor>],
        defer: &mut dyn FnMut(&Use<'_>) -> bool,
    ) -> Result<()> {
        let Some(cotangent) = cotangents.iter().flatten().next() else { return Ok(()) };
        let node = self.nodes[id.index()].clone();
        let operands: Vec<Tensor> =
            node.operands.iter().map(|&operand| self.tracer.tensor(operand)).collect();
        let wanted = |(operand, at): (usize, &NodeId)| {
            self.reaches[at.index()] && !defer(&Use { node: &node, operand, cotangent })
        };
        let needed: Vec<bool> = node.operands.iter().enumerate().map(wanted).collect();
        let result = self.tracer.tensor(id);
        let tracer = self.tracer.clone();
        let value = match &node.primitive {
            Primitive::Projection(projection) => projection.index,
            _ => 0,
        };
        tracer.at_path(&node.path, || {
            let gradient = Gradient {
                operands: &operands,
                result: &result,
                cotangent,
                cotangents,
                needed: &needed,
            };
            let contributions = gradient.apply(&node.primitive)?;
            let pairs = node.operands.iter().zip(contributions).zip(&needed);
            for ((&operand, contribution), _) in pairs.filter(|(_, needed)| **needed) {
                if let Some(contribution) = contribution {
                    self.add((operand, value), contribution.checked()?)?;
                }
            }
            Ok(())
        })
    }

    fn add(&mut self, key: (NodeId, usize), contribution: Tensor) -> Result<()> {
        let sum = match self.cotangents.remove(&key) {
            Some(earlier) => add(&earlier, &contribution).checked()?,
            None => contribution,
        };
        self.cotangents.insert(key, sum);
        Ok(())
    }
}

/// The sum over the axes along which a tensor of this shape was stretched.
pub(crate) fn sum_to(x: &Tensor, shape: &Shape) -> Tensor {
    let added = x.rank().saturating_sub(shape.rank());
    let stretched =
        (0..x.rank()).filter(|&axis| axis < added || shape[axis - added] != x.shape()[axis]);
    reshape_to(&sum_axes(x, &stretched.collect::<Vec<_>>()), shape.clone())
}

fn traced(tensor: &Tensor) -> Result<&Traced> {
    match &tensor.0 {
        Value::Traced(traced) => Ok(traced),
        Value::Failed(error) => Err((**error).clone()),
        Value::Recorded(_) => Err(Error::Mixed { operation: "gradients".to_owned() }),
    }
}
