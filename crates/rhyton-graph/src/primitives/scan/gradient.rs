//! The gradient of a loop is a loop in the other direction.
//!
//! One step, forward and backward, is traced into a joint program. Its backward part becomes the
//! body of the new loop; the forward values that this part needs become further outputs of the
//! original loop, which is widened in place, and are sequences of the new one. Where an invariant
//! is an operand of a `dot`, the new loop only emits the cotangent of the product, and one `dot`
//! over all steps follows it; other uses of invariants are summed in a carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Scan;
use crate::autodiff::pull_back;
use crate::primitives::{Dot, Gradient, Input, Primitive, Projection};
use crate::tensor::Value;
use crate::tracer::Tracer;
use crate::{Error, Graph, Node, NodeId, Result, Spec, Tensor, add, zeros_like};

/// The cotangents of a loop's operands.
pub(super) fn gradient(scan: &Scan, outer: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
    let joint = Joint::trace(scan, outer)?;
    let plan = Plan::new(scan, &joint);
    let widened = widen(scan, outer, &plan.emitted)?;
    let stack = |value: NodeId| match joint.place(value) {
        Some(place) if scan.sequence(place) => Ok(outer.operands[place].clone()),
        _ => widened.value(value),
    };
    let body = plan.body(&joint);
    let sequences: Vec<Tensor> = plan
        .residuals
        .iter()
        .map(|&residual| stack(residual))
        .chain(joint.emitted_cotangents.iter().map(|(_, tensor)| Ok(tensor.clone())))
        .collect::<Result<_>>()?;
    let mut operands: Vec<Tensor> = joint.initial.clone();
    let carries = operands.len();
    operands.extend(sequences);
    operands.extend(plan.invariants.iter().map(|&place| outer.operands[place].clone()));
    let back = Scan {
        sequences: plan.residuals.len() + joint.emitted_cotangents.len(),
        carries,
        length: scan.length,
        reverse: !scan.reverse,
        body: Arc::new(body),
    };
    let values = back.emit(&operands)?;
    joint.contributions(&values, &mut |value| stack(value))
}

impl Scan {
    /// Whether an operand is a sequence.
    fn sequence(&self, place: usize) -> bool {
        (self.carries..self.carries + self.sequences).contains(&place)
    }

    /// Emits the loop and returns its values.
    pub(crate) fn emit(self, operands: &[Tensor]) -> Result<Vec<Tensor>> {
        let projections = self.projections()?;
        let operands: Vec<&Tensor> = operands.iter().collect();
        let bundle = Tensor::emit(self, &operands).checked()?;
        projections.into_iter().map(|value| Tensor::emit(value, &[&bundle]).checked()).collect()
    }
}

/// A dot of one step whose second factor is an invariant: summed over all steps after the loop.
struct Deferred {
    dot: Dot,
    operand: usize,
    invariant: usize,
    other: NodeId,
    cotangent: Tensor,
}

/// One step forward and backward in one program.
struct Joint {
    nodes: Vec<Node>,
    /// Nodes before this one are the body's own.
    forward: usize,
    inputs: Vec<NodeId>,
    /// Which of the body's nodes change from step to step.
    varies: Vec<bool>,
    /// Inputs that are carries of the new loop, and what they begin with.
    carries: Vec<NodeId>,
    initial: Vec<Tensor>,
    /// Inputs for the cotangents of what the steps emit, with their stacks outside.
    emitted_cotangents: Vec<(NodeId, Tensor)>,
    /// For each of the new loop's outputs the operand whose cotangent it is; `None` for deferred.
    meaning: Vec<Option<usize>>,
    outputs: Vec<NodeId>,
    deferred: Vec<Deferred>,
    operand_count: usize,
}

impl Joint {
    fn trace(scan: &Scan, outer: &Gradient<'_>) -> Result<Self> {
        let tracer = Tracer::new(Arc::new([]));
        let body = &scan.body;
        let values: Vec<Tensor> = body
            .inputs
            .iter()
            .map(|&id| tracer.input(body.input_name(id), body.node(id).spec.clone()))
            .collect();
        let results = body.call(&values)?;
        let mut joint = Self::around(scan, &tracer);
        let mut seeds = Vec::new();
        for (place, result) in results.iter().enumerate() {
            if !result.dtype().is_float() {
                continue;
            }
            let cotangent = outer.cotangents.get(place).cloned().flatten();
            if place < scan.carries {
                let initial = cotangent.unwrap_or_else(|| zeros_like(&outer.operands[place]));
                let seed = tracer.input(&format!("carry{place}"), result.spec().clone());
                joint.carries.push(node_of(&seed)?);
                joint.initial.push(initial);
                seeds.push((result.clone(), seed));
            } else if let Some(stack) = cotangent {
                let seed = tracer.input(&format!("emitted{place}"), result.spec().clone());
                joint.emitted_cotangents.push((node_of(&seed)?, stack));
                seeds.push((result.clone(), seed));
            }
        }
        joint.differentiate(scan, outer, (&tracer, &values, &seeds))?;
        joint.nodes = tracer.nodes();
        Ok(joint)
    }

    fn around(scan: &Scan, tracer: &Tracer) -> Self {
        let nodes = tracer.nodes();
        let loops = scan.carries + scan.sequences;
        let mut varies = vec![false; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            varies[index] =
                index < loops || node.operands.iter().any(|operand| varies[operand.index()]);
        }
        Self {
            forward: nodes.len(),
            inputs: (0..scan.body.inputs.len()).map(|index| NodeId(index as u32)).collect(),
            varies,
            carries: Vec::new(),
            initial: Vec::new(),
            emitted_cotangents: Vec::new(),
            meaning: Vec::new(),
            outputs: Vec::new(),
            deferred: Vec::new(),
            operand_count: scan.body.inputs.len(),
            nodes,
        }
    }

    /// Traces the backward step and says what the new loop's outputs are: cotangents of carries,
    /// sums for invariants, then what each step emits: cotangents of rows, then of deferred dots.
    fn differentiate(
        &mut self,
        scan: &Scan,
        outer: &Gradient<'_>,
        (tracer, values, seeds): (&Tracer, &[Tensor], &[(Tensor, Tensor)]),
    ) -> Result<()> {
        let wanted: Vec<usize> = (0..values.len())
            .filter(|&place| values[place].dtype().is_float())
            .filter(|&place| place < scan.carries || outer.needed[place])
            .collect();
        let sources: Vec<&Tensor> = wanted.iter().map(|&place| &values[place]).collect();
        let loops = scan.carries + scan.sequences;
        let mut deferred = Vec::new();
        let found = pull_back(seeds, &sources, &mut |usage| {
            let Primitive::Dot(dot) = &usage.node.primitive else { return false };
            let invariant = usage.node.operands[usage.operand].index();
            let other = usage.node.operands[1 - usage.operand];
            let is_deferred = (loops..self.inputs.len()).contains(&invariant)
                && outer.needed[invariant]
                && self.varies[other.index()];
            if is_deferred {
                let (dot, operand, cotangent) =
                    (dot.clone(), usage.operand, usage.cotangent.clone());
                deferred.push(Deferred { dot, operand, invariant, other, cotangent });
            }
            is_deferred
        })?;
        let mut found: BTreeMap<usize, Option<Tensor>> = wanted.into_iter().zip(found).collect();
        let mut output = |meaning: Option<usize>, tensor: &Tensor| -> Result<()> {
            self.meaning.push(meaning);
            self.outputs.push(node_of(tensor)?);
            Ok(())
        };
        for place in (0..scan.carries).filter(|&place| values[place].dtype().is_float()) {
            let cotangent = found.remove(&place).flatten();
            output(Some(place), &cotangent.unwrap_or_else(|| zeros_like(&values[place])))?;
        }
        for place in loops..values.len() {
            let Some(step) = found.remove(&place).flatten() else { continue };
            let sum = tracer.input(&format!("sum{place}"), step.spec().clone());
            self.carries.push(node_of(&sum)?);
            self.initial.push(zeros_like(&outer.operands[place]));
            output(Some(place), &add(&sum, &step))?;
        }
        for (place, cotangent) in found {
            if let Some(cotangent) = cotangent {
                output(Some(place), &cotangent)?;
            }
        }
        for product in &deferred {
            output(None, &product.cotangent)?;
        }
        self.deferred = deferred;
        Ok(())
    }

    /// Which of the body's inputs a node is.
    fn place(&self, id: NodeId) -> Option<usize> {
        (id.index() < self.inputs.len()).then(|| id.index())
    }

    /// The cotangents of the original loop's operands from the new loop's values.
    fn contributions(
        &self,
        values: &[Tensor],
        stack: &mut dyn FnMut(NodeId) -> Result<Tensor>,
    ) -> Result<Vec<Option<Tensor>>> {
        let mut contributions: Vec<Option<Tensor>> = vec![None; self.operand_count];
        let mut deferred = self.deferred.iter();
        for (meaning, value) in self.meaning.iter().zip(values) {
            let (place, contribution) = if let Some(place) = meaning {
                (*place, value.clone())
            } else {
                let product = deferred.next().expect("one output for each deferred dot");
                let other = stack(product.other)?;
                let gradient = product.dot.operand_gradient(product.operand, value, &other, true);
                (product.invariant, gradient.checked()?)
            };
            contributions[place] = Some(match contributions[place].take() {
                Some(earlier) => add(&earlier, &contribution).checked()?,
                None => contribution,
            });
        }
        Ok(contributions)
    }
}

/// What the new loop's body consists of.
struct Plan {
    needed: Vec<bool>,
    /// Forward values that become sequences of the new loop.
    residuals: Vec<NodeId>,
    /// Operands of the original loop that the backward step reads as they are.
    invariants: Vec<usize>,
    /// Forward values that the original loop must emit: residuals and factors of deferred dots.
    emitted: Vec<NodeId>,
}

impl Plan {
    fn new(scan: &Scan, joint: &Joint) -> Self {
        let mut needed = vec![false; joint.nodes.len()];
        for output in &joint.outputs {
            needed[output.index()] = true;
        }
        let (mut residuals, mut invariants) = (Vec::new(), Vec::new());
        for index in (0..joint.nodes.len()).rev() {
            let id = NodeId(index as u32);
            if !needed[index] {
                continue;
            }
            if index < joint.forward && joint.varies[index] {
                residuals.push(id);
            } else if let Some(place) = joint.place(id) {
                invariants.push(place);
            } else {
                for operand in &joint.nodes[index].operands {
                    needed[operand.index()] = true;
                }
            }
        }
        residuals.reverse();
        invariants.reverse();
        let factors = joint.deferred.iter().map(|product| product.other);
        let mut emitted: Vec<NodeId> = residuals
            .iter()
            .copied()
            .chain(factors)
            .filter(|&id| !joint.place(id).is_some_and(|place| scan.sequence(place)))
            .collect();
        emitted.sort_unstable();
        emitted.dedup();
        Self { needed, residuals, invariants, emitted }
    }

    /// The backward step as a graph: the needed nodes, with inputs in a loop's order.
    fn body(&self, joint: &Joint) -> Graph {
        let mut graph = Graph::default();
        let mut places: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        let invariants = self.invariants.iter().map(|&place| joint.inputs[place]);
        let inputs = joint.carries.iter().copied();
        let inputs = inputs.chain(self.residuals.iter().copied());
        let inputs = inputs.chain(joint.emitted_cotangents.iter().map(|(id, _)| *id));
        for id in inputs.chain(invariants) {
            let node = &joint.nodes[id.index()];
            let name = format!("x{}", graph.inputs.len());
            let input = Input { name, spec: node.spec.clone() };
            let copy = Node { primitive: input.into(), operands: Vec::new(), ..node.clone() };
            let place = graph.push(copy);
            graph.inputs.push(place);
            places.insert(id, place);
        }
        for (index, node) in joint.nodes.iter().enumerate() {
            let id = NodeId(index as u32);
            if self.needed[index] && !places.contains_key(&id) {
                let operands = node.operands.iter().map(|operand| places[operand]).collect();
                let place = graph.push(Node { operands, ..node.clone() });
                places.insert(id, place);
            }
        }
        let outputs = joint.outputs.iter().enumerate();
        graph.outputs = outputs.map(|(i, id)| (format!("y{i}"), places[id])).collect();
        graph
    }
}

/// The original loop after it was widened, and which of its values are which nodes of the body.
struct Widened {
    bundle: Tensor,
    values: BTreeMap<NodeId, Projection>,
}

impl Widened {
    /// All steps of a value of the body.
    fn value(&self, id: NodeId) -> Result<Tensor> {
        let value = self.values.get(&id).ok_or_else(|| {
            Error::argument("scan", "gradient", "a value that the loop emits", format!("%{}", id.0))
        })?;
        Tensor::emit(value.clone(), &[&self.bundle]).checked()
    }
}

/// Makes the original loop emit further values of its body, in place: nothing is computed twice,
/// and values that were taken from it before keep their offsets.
fn widen(scan: &Scan, outer: &Gradient<'_>, emitted: &[NodeId]) -> Result<Widened> {
    let Value::Traced(traced) = &outer.result.0 else {
        return Err(Error::Mixed { operation: "scan".to_owned() });
    };
    let mut body = (*scan.body).clone();
    let order = joint_order(&body);
    let known: BTreeMap<NodeId, usize> = body.outputs[scan.carries..]
        .iter()
        .enumerate()
        .map(|(place, (_, id))| (*id, place + scan.carries))
        .collect();
    let mut indices = BTreeMap::new();
    for &value in emitted {
        let id = order[value.index()];
        let index = known.get(&id).copied().unwrap_or_else(|| {
            body.outputs.push((format!("kept{}", id.0), id));
            body.outputs.len() - 1
        });
        indices.insert(value, index);
    }
    let wide = Scan { body: Arc::new(body), ..scan.clone() };
    let projections = wide.projections()?;
    let operands: Vec<Spec> = outer.operands.iter().map(|tensor| tensor.spec().clone()).collect();
    let spec = crate::Rule::infer(&wide, &operands)?;
    let bundle = traced.tracer.replace(traced.node, wide.into(), spec);
    let values =
        indices.into_iter().map(|(value, index)| (value, projections[index].clone())).collect();
    Ok(Widened { bundle, values })
}

/// The body's nodes in the order in which a joint program holds them: inputs first.
fn joint_order(body: &Graph) -> Vec<NodeId> {
    let others = body.iter().filter(|(_, node)| !matches!(node.primitive, Primitive::Input(_)));
    body.inputs.iter().copied().chain(others.map(|(id, _)| id)).collect()
}

fn node_of(tensor: &Tensor) -> Result<NodeId> {
    match tensor.clone().checked()?.0 {
        Value::Traced(traced) => Ok(traced.node),
        _ => Err(Error::Mixed { operation: "scan".to_owned() }),
    }
}
