use std::sync::Arc;

use rhyton_tensor::Array;

use crate::tensor::Value;
use crate::{Error, Primitive, Result, Spec, Tensor};

/// The place of a node in its graph; operands always come before their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The place as an index into [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The place of a variable in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableId(pub u32);

impl VariableId {
    /// The place as an index into a session's variables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A value that lives in a session between runs: a weight, a slot of the optimizer, a statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableSpec {
    /// Its path in the model, e.g. `dense/kernel`.
    pub name: String,
    /// Its shape (never of the batch) and element type.
    pub spec: Spec,
}

/// One application of a primitive.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What is computed.
    pub primitive: Primitive,
    /// The values it is computed from.
    pub operands: Vec<NodeId>,
    /// What is known of the result.
    pub spec: Spec,
    /// The layer it belongs to, e.g. `sequential/dense`; for messages and explanations.
    pub path: Arc<str>,
}

impl Node {
    /// The primitive and the layer it belongs to, for messages.
    fn label(&self) -> String {
        let name = self.primitive.name();
        if self.path.is_empty() { name.to_owned() } else { format!("{name} in {}", self.path) }
    }
}

/// A program: inputs and variables to outputs and assignments.
///
/// Invariants: operands precede users; `inputs` are the input nodes in order; every node's `spec` is what its primitive infers; reads of
/// variables see the values from before the run, and assignments take effect after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// All nodes in an order in which they can be computed.
    pub nodes: Vec<Node>,
    /// The inputs in the order in which a run receives them.
    pub inputs: Vec<NodeId>,
    /// The outputs, named, in the order in which a run returns them.
    pub outputs: Vec<(String, NodeId)>,
    /// The [`Primitive::Assign`] nodes, at most one for each variable.
    pub assigns: Vec<NodeId>,
    /// The session's variables, of which this program uses some.
    pub variables: Arc<[VariableSpec]>,
}

impl Graph {
    /// The node at a place.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// All nodes with their places.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index as u32), node))
    }

    /// Appends a node.
    pub(crate) fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// The nodes that must be computed: outputs and assignments.
    pub fn roots(&self) -> impl Iterator<Item = NodeId> {
        self.outputs.iter().map(|(_, id)| *id).chain(self.assigns.iter().copied())
    }

    /// The name of an input node.
    pub fn input_name(&self, id: NodeId) -> &str {
        match &self.node(id).primitive {
            Primitive::Input(input) => &input.name,
            _ => "",
        }
    }

    /// Whether a run changes variables and needs the session to itself.
    pub fn assigns_variables(&self) -> bool {
        !self.assigns.is_empty()
    }

    /// Writes the graph's nodes into the program of `inputs` and returns its outputs there: how a
    /// function that was saved as a graph is called again. The nodes belong to the layer that is
    /// being traced; outside of layers they keep their paths.
    ///
    /// # Errors
    /// [`Error::Argument`] for a graph without inputs or with variables, [`Error::Input`] for
    /// tensors that are not as the graph's inputs say, the failure that a tensor carries,
    /// [`Error::Mixed`] for tensors of different programs or of a model.
    pub fn call(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        if inputs.len() != self.inputs.len() || inputs.is_empty() {
            let expected = format!("{} tensors, at least one", self.inputs.len());
            return Err(Error::argument("call", "inputs", expected, inputs.len()));
        }
        for (&id, tensor) in self.inputs.iter().zip(inputs) {
            let spec = tensor.clone().checked()?.spec().clone();
            if spec != self.node(id).spec {
                return Err(Error::Input {
                    input: self.input_name(id).to_owned(),
                    expected: self.node(id).spec.to_string(),
                    received: spec.to_string(),
                });
            }
        }
        let Value::Traced(first) = &inputs[0].0 else {
            return Err(Error::Mixed { operation: "call".to_owned() });
        };
        let here = first.tracer.path();
        let path =
            |node: &'_ Node| if here.is_empty() { node.path.to_string() } else { here.clone() };
        let mut values: Vec<Tensor> = Vec::with_capacity(self.nodes.len());
        for (id, node) in self.iter() {
            let operands: Vec<&Tensor> =
                node.operands.iter().map(|operand| &values[operand.index()]).collect();
            let value = match &node.primitive {
                Primitive::Input(_) => {
                    let place = self.inputs.iter().position(|&input| input == id);
                    inputs[place.expect("every input node is listed")].clone()
                }
                Primitive::ReadVariable(_) | Primitive::Assign(_) => {
                    let received = node.primitive.name();
                    return Err(Error::argument("call", "graph", "no variables", received));
                }
                primitive => first.tracer.at_path(&path(node), || {
                    if operands.is_empty() {
                        inputs[0].leaf(primitive.clone())
                    } else {
                        Tensor::emit(primitive.clone(), &operands)
                    }
                }),
            };
            values.push(value.checked()?);
        }
        Ok(self.outputs.iter().map(|(_, id)| values[id.index()].clone()).collect())
    }

    /// The batch size that the input arrays imply; 1 when no input depends on it.
    ///
    /// # Errors
    /// [`Error::Input`] when the number, element type or shape of an array does not fit.
    pub fn bind_batch(&self, arrays: &[&Array]) -> Result<usize> {
        if arrays.len() != self.inputs.len() {
            return Err(Error::Input {
                input: self
                    .inputs
                    .iter()
                    .map(|&id| self.input_name(id))
                    .collect::<Vec<_>>()
                    .join(", "),
                expected: format!("{} arrays", self.inputs.len()),
                received: format!("{}", arrays.len()),
            });
        }
        let mut batch = None;
        for (&id, array) in self.inputs.iter().zip(arrays) {
            self.bind_input(id, array, &mut batch)?;
        }
        Ok(batch.unwrap_or(1))
    }

    /// Fails for a batch size at which the program has no meaning: a size below zero, more bytes
    /// than memory can hold, a slice past the end. Backends ask before they run a new size.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the primitive, its layer, and what it needs.
    pub fn check_batch(&self, batch: usize) -> Result<()> {
        for node in &self.nodes {
            let volume = node.spec.shape.checked_volume(batch);
            let bytes = volume.and_then(|count| count.checked_mul(node.spec.dtype.size_bytes()));
            if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) {
                let expected = format!("a batch for which the result can be {}", node.spec);
                return Err(Error::argument(node.label(), "N", expected, batch));
            }
            let operands: Vec<&Spec> =
                node.operands.iter().map(|&operand| &self.node(operand).spec).collect();
            let checked = node.primitive.rule().check_batch(&operands, batch);
            checked.map_err(|error| error.of(node.label()))?;
        }
        Ok(())
    }

    fn bind_input(&self, id: NodeId, array: &Array, batch: &mut Option<usize>) -> Result<()> {
        let spec = &self.node(id).spec;
        let mut fits = spec.dtype == array.dtype() && spec.shape.rank() == array.rank();
        for (dim, &size) in spec.shape.iter().zip(array.shape()) {
            if batch.is_none() && dim.batches > 0 {
                *batch = size.checked_add_signed(-dim.constant).map(|rows| rows / dim.batches);
            }
            fits &= dim.bind(batch.unwrap_or(1)) == size;
        }
        if fits {
            return Ok(());
        }
        let known = batch.map_or(String::new(), |n| format!(" with N = {n}"));
        Err(Error::Input {
            input: self.input_name(id).to_owned(),
            expected: format!("{spec}{known}"),
            received: format!("{}{:?}", array.dtype(), array.shape()),
        })
    }
}
