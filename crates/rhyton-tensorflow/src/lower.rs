//! From a program's nodes to TensorFlow's. Each file in `lower/` has one family of primitives; a
//! new one is an `impl Lower` there and its line in [`rule`].

use std::collections::HashMap;
use std::ffi::CStr;

use rhyton_graph::{Dim, Graph, Node, NodeId, Primitive, Spec, Unsupported};
use rhyton_tensor::{Array, DType};

use crate::error::failed;
use crate::ffi::{Builder, Failure, Operation, Output, Tensor};
use crate::state::State;

mod cast;
mod convolution;
mod dot;
mod elementwise;
mod indexing;
mod leaf;
mod pad;
mod random_bits;
mod reduce;
mod shaping;
mod sort;
mod window;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// TensorFlow's operations on axes work up to this rank.
const RANK_MAX: usize = 8;

/// How a primitive is said in TensorFlow's operations.
trait Lower {
    /// Adds the nodes for one application of the primitive.
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value>;

    /// Why this application can't be said; `None` if it can.
    fn unsupported(&self, _operands: &[&Spec]) -> Option<String> {
        None
    }
}

/// The lowering of a primitive, if there is one.
fn rule(primitive: &Primitive) -> Option<&dyn Lower> {
    match primitive {
        Primitive::Input(p) => Some(p),
        Primitive::Constant(p) => Some(p),
        Primitive::ReadVariable(p) => Some(p),
        Primitive::Assign(p) => Some(p),
        Primitive::Unary(p) => Some(p),
        Primitive::Binary(p) => Some(p),
        Primitive::Compare(p) => Some(p),
        Primitive::Select(p) => Some(p),
        Primitive::Cast(p) => Some(p),
        Primitive::Reduce(p) => Some(p),
        Primitive::ArgReduce(p) => Some(p),
        Primitive::Cumulative(p) => Some(p),
        Primitive::Reshape(p) => Some(p),
        Primitive::Transpose(p) => Some(p),
        Primitive::Broadcast(p) => Some(p),
        Primitive::Slice(p) => Some(p),
        Primitive::Pad(p) => Some(p),
        Primitive::Concatenate(p) => Some(p),
        Primitive::Reverse(p) => Some(p),
        Primitive::Gather(p) => Some(p),
        Primitive::Scatter(p) => Some(p),
        Primitive::Dot(p) => Some(p),
        Primitive::Convolution(p) => Some(p),
        Primitive::ConvolutionInputGradient(p) => Some(p),
        Primitive::ConvolutionKernelGradient(p) => Some(p),
        Primitive::WindowReduce(p) => Some(p),
        Primitive::MaxWindowGradient(p) => Some(p),
        Primitive::Sort(p) => Some(p),
        Primitive::Argsort(p) => Some(p),
        Primitive::Iota(p) => Some(p),
        Primitive::Dimension(p) => Some(p),
        Primitive::RandomBits(p) => Some(p),
        Primitive::CustomGradient(p) => Some(p),
        Primitive::StopGradient(p) => Some(p),
        Primitive::Tap(p) => Some(p),
        _ => None,
    }
}

/// The nodes that have no lowering.
pub(crate) fn unsupported(graph: &Graph) -> Vec<Unsupported> {
    let reason = |node: &Node| {
        let Some(rule) = rule(&node.primitive) else {
            return Some("it has no lowering to TensorFlow yet".to_owned());
        };
        let operands: Vec<&Spec> = node.operands.iter().map(|&id| &graph.node(id).spec).collect();
        let ranks = operands.iter().map(|spec| spec.shape.rank());
        let rank = ranks.chain([node.spec.shape.rank()]).max().unwrap_or(0);
        if rank > RANK_MAX {
            return Some(format!("expected at most {RANK_MAX} axes, received {rank}"));
        }
        rule.unsupported(&operands)
    };
    graph
        .iter()
        .filter_map(|(id, node)| {
            let primitive = node.primitive.name().to_owned();
            reason(node).map(|reason| Unsupported { node: id, primitive, reason })
        })
        .collect()
}

/// A program's places in the session's graph.
pub(crate) struct Lowered {
    /// One placeholder for each input.
    pub(crate) feeds: Vec<Output>,
    /// The placeholder of the batch size, an int32 scalar, if anything depends on it.
    pub(crate) batch: Option<Output>,
    /// The outputs.
    pub(crate) fetches: Vec<Output>,
    /// The assignments.
    pub(crate) targets: Vec<Operation>,
}

/// Adds a program, the session's `number`-th, to the session's graph.
pub(crate) fn lower(
    session: &State,
    graph: &Graph,
    number: usize,
) -> rhyton_graph::Result<Lowered> {
    let mut lowering = Lowering::new(session, graph, number);
    let mut wanted = vec![false; graph.nodes.len()];
    for id in graph.inputs.iter().copied().chain(graph.roots()) {
        wanted[id.index()] = true;
    }
    for (id, node) in graph.iter().rev() {
        if wanted[id.index()] {
            node.operands.iter().for_each(|operand| wanted[operand.index()] = true);
        }
    }
    for (id, node) in graph.iter().filter(|(id, _)| wanted[id.index()]) {
        lowering.enter(node);
        let rule = rule(&node.primitive).expect("a program is checked before it is lowered");
        let value = rule.lower(node, &mut lowering).map_err(|failure| {
            failed(&format!("compiling `{}` in `{}`", node.primitive.name(), node.path), &failure)
        })?;
        lowering.values[id.index()] = value;
    }
    lowering.finish().map_err(|failure| failed("compiling a program", &failure))
}

/// A node's value. `narrow` stretches to the node's shape by NumPy's rule; `full` has that shape.
/// At least one is there once the node is lowered.
#[derive(Debug, Clone, Copy, Default)]
struct Value {
    narrow: Option<Output>,
    full: Option<Output>,
}

impl From<Output> for Value {
    fn from(full: Output) -> Self {
        Self { narrow: None, full: Some(full) }
    }
}

/// A program on its way into the session's graph.
struct Lowering<'a> {
    session: &'a State,
    graph: &'a Graph,
    values: Vec<Value>,
    reads: Vec<Operation>,
    batch: Option<Output>,
    sizes: HashMap<Dim, Output>,
    vectors: HashMap<Vec<Dim>, Output>,
    program: String,
    scope: String,
    count: usize,
}

impl<'a> Lowering<'a> {
    fn new(session: &'a State, graph: &'a Graph, number: usize) -> Self {
        Self {
            session,
            graph,
            values: vec![Value::default(); graph.nodes.len()],
            reads: Vec::new(),
            batch: None,
            sizes: HashMap::new(),
            vectors: HashMap::new(),
            program: format!("program_{number}"),
            scope: format!("program_{number}"),
            count: 0,
        }
    }

    /// Names the nodes to come after a layer and a primitive; TensorFlow's messages quote them.
    fn enter(&mut self, node: &Node) {
        let legal = |c: char| if c.is_ascii_alphanumeric() || "_.-/".contains(c) { c } else { '_' };
        let path: String = node.path.chars().map(legal).collect();
        let name = node.primitive.name();
        self.scope = match path.trim_matches('/') {
            "" => format!("{}/{name}", self.program),
            path => format!("{}/{path}/{name}", self.program),
        };
    }

    /// Begins an operation.
    fn operation(&mut self, kind: &'static CStr) -> Builder<'a> {
        self.count += 1;
        self.session.engine.operation(kind, &format!("{}_{}", self.scope, self.count))
    }

    /// An operation whose attributes follow from its inputs.
    fn emit(&mut self, kind: &'static CStr, inputs: &[Output]) -> Result<Output> {
        let begun = self.operation(kind);
        let operation = inputs.iter().fold(begun, |operation, &input| operation.input(input));
        Ok(operation.finish()?.output())
    }

    /// The specification of an operand.
    fn spec(&self, node: &Node, operand: usize) -> &'a Spec {
        &self.graph.node(node.operands[operand]).spec
    }

    /// An operand in its own shape.
    fn operand(&mut self, node: &Node, operand: usize) -> Result<Output> {
        self.full(node.operands[operand])
    }

    fn full(&mut self, id: NodeId) -> Result<Output> {
        let value = self.values[id.index()];
        match (value.full, value.narrow) {
            (Some(full), _) => Ok(full),
            (None, Some(narrow)) => {
                let shape = self.vector(&self.graph.node(id).spec.shape)?;
                let full = self.emit(c"BroadcastTo", &[narrow, shape])?;
                self.values[id.index()].full = Some(full);
                Ok(full)
            }
            (None, None) => unreachable!("operands are lowered before their users"),
        }
    }

    /// The operands of an elementwise operation, which all have the result's shape. TensorFlow
    /// stretches as NumPy does, so all but one may stay narrow.
    fn stretching_operands(&mut self, node: &Node) -> Result<Vec<Output>> {
        let value = |id: &NodeId| self.values[id.index()];
        if node.operands.iter().all(|id| value(id).narrow.is_some()) {
            self.operand(node, 0)?;
            let first = self.values[node.operands[0].index()].full;
            let rest = node.operands[1..].iter().map(|id| self.values[id.index()].narrow);
            return Ok(std::iter::once(first).chain(rest).flatten().collect());
        }
        Ok(node.operands.iter().filter_map(|id| value(id).narrow.or(value(id).full)).collect())
    }

    /// A constant.
    fn constant(&mut self, array: &Array) -> Result<Output> {
        let library = self.session.engine.library();
        let tensor = Tensor::from_bytes(library, array.dtype(), array.shape(), array.bytes())?;
        let operation = self.operation(c"Const").dtype(c"dtype", array.dtype());
        Ok(operation.tensor(c"value", &tensor).finish()?.output())
    }

    /// A rank-0 constant.
    fn scalar(&mut self, dtype: DType, value: f64) -> Result<Output> {
        self.constant(&Array::full(dtype, &[], value))
    }

    /// An int32 vector of fixed numbers, e.g. axes.
    fn integers(&mut self, values: impl IntoIterator<Item = usize>) -> Result<Output> {
        let values: Vec<i32> = values.into_iter().map(|value| value as i32).collect();
        self.int32s(&values)
    }

    fn int32s(&mut self, values: &[i32]) -> Result<Output> {
        let vector = Array::from_slice(&[values.len()], values);
        self.constant(&vector.expect("the shape is the values' number"))
    }

    /// The size of an axis in a run, an int32 scalar: `max(batches · N + constant, 0)`.
    fn size(&mut self, dim: Dim) -> Result<Output> {
        if let Some(&known) = self.sizes.get(&dim) {
            return Ok(known);
        }
        let size = match dim.fixed_size() {
            Some(size) => self.scalar(DType::I32, size as f64)?,
            None => self.batch_size(dim)?,
        };
        self.sizes.insert(dim, size);
        Ok(size)
    }

    fn batch_placeholder(&mut self) -> Result<Output> {
        if let Some(known) = self.batch {
            return Ok(known);
        }
        let batch = self.operation(c"Placeholder").dtype(c"dtype", DType::I32);
        Ok(*self.batch.insert(batch.shape(c"shape", &[]).finish()?.output()))
    }

    fn batch_size(&mut self, dim: Dim) -> Result<Output> {
        let mut size = self.batch_placeholder()?;
        if dim.batches != 1 {
            let batches = self.scalar(DType::I32, dim.batches as f64)?;
            size = self.emit(c"Mul", &[size, batches])?;
        }
        if dim.constant != 0 {
            let constant = self.scalar(DType::I32, dim.constant as f64)?;
            size = self.emit(c"AddV2", &[size, constant])?;
        }
        if dim.constant < 0 {
            let zero = self.scalar(DType::I32, 0.0)?;
            size = self.emit(c"Maximum", &[size, zero])?;
        }
        Ok(size)
    }

    /// Sizes in a run as an int32 vector, e.g. a shape.
    fn vector(&mut self, dims: &[Dim]) -> Result<Output> {
        if let Some(&known) = self.vectors.get(dims) {
            return Ok(known);
        }
        let fixed: Option<Vec<usize>> = dims.iter().map(|dim| dim.fixed_size()).collect();
        let vector = if let Some(sizes) = fixed {
            self.integers(sizes)?
        } else {
            let sizes: Vec<Output> =
                dims.iter().map(|&dim| self.size(dim)).collect::<Result<_>>()?;
            self.pack(&sizes, 0)?
        };
        self.vectors.insert(dims.to_vec(), vector);
        Ok(vector)
    }

    /// Values of one shape side by side along a new axis.
    fn pack(&mut self, values: &[Output], axis: usize) -> Result<Output> {
        let operation = self.operation(c"Pack").inputs(values).integer(c"axis", axis as i64);
        Ok(operation.finish()?.output())
    }

    /// Another element type, by C's conversion.
    fn convert(&mut self, value: Output, dtype: DType) -> Result<Output> {
        Ok(self.operation(c"Cast").input(value).dtype(c"DstT", dtype).finish()?.output())
    }

    /// The roots: outputs, and assignments once every variable has been read.
    fn finish(mut self) -> Result<Lowered> {
        self.scope.clone_from(&self.program);
        let fetches = self.fetches()?;
        let targets = self.targets()?;
        let feeds = self.graph.inputs.iter().map(|&id| self.full(id)).collect::<Result<_>>()?;
        Ok(Lowered { feeds, batch: self.batch, fetches, targets })
    }

    /// Each output as a node of its own: what is fed can't be fetched, nor anything twice.
    fn fetches(&mut self) -> Result<Vec<Output>> {
        let graph = self.graph;
        let fetch = |(_, id): &(String, NodeId)| {
            let value = self.full(*id)?;
            self.emit(c"Identity", &[value])
        };
        graph.outputs.iter().map(fetch).collect()
    }

    fn targets(&mut self) -> Result<Vec<Operation>> {
        if self.graph.assigns.is_empty() {
            return Ok(Vec::new());
        }
        let reads = std::mem::take(&mut self.reads);
        let barrier = self.operation(c"NoOp");
        let barrier = reads.into_iter().fold(barrier, Builder::after).finish()?;
        let graph = self.graph;
        let mut targets = Vec::with_capacity(graph.assigns.len());
        for &id in &graph.assigns {
            if let Primitive::Assign(assign) = &graph.node(id).primitive {
                let value = self.full(id)?;
                let handle = self.session.variables[assign.variable.index()].handle;
                let operation = self.operation(c"AssignVariableOp").input(handle).input(value);
                targets.push(operation.after(barrier).finish()?);
            }
        }
        Ok(targets)
    }
}

#[cfg(test)]
mod tests;
