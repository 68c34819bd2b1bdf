use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhyton_tensor::Array;

use crate::primitives::{Assign, Constant, Input, ReadVariable};
use crate::tensor::Value;
use crate::{
    Error, Graph, Node, NodeId, Primitive, Result, Spec, Tensor, VariableId, VariableSpec,
    interpret,
};

/// Writes a graph while layers, losses and functions of tensors are called.
#[derive(Clone)]
pub struct Tracer(Arc<Mutex<State>>);

/// A tensor's place in a program.
#[derive(Clone)]
pub(crate) struct Traced {
    pub(crate) tracer: Tracer,
    pub(crate) node: NodeId,
    pub(crate) spec: Spec,
}

#[derive(Default)]
struct State {
    graph: Graph,
    path: Vec<String>,
    current: BTreeMap<VariableId, NodeId>,
    assigned: BTreeMap<VariableId, NodeId>,
}

impl Tracer {
    /// A tracer for a program over a session's variables.
    pub fn new(variables: Arc<[VariableSpec]>) -> Self {
        let graph = Graph { variables, ..Graph::default() };
        Self(Arc::new(Mutex::new(State { graph, ..State::default() })))
    }

    /// The program's next input.
    pub fn input(&self, name: &str, spec: Spec) -> Tensor {
        let input = Input { name: name.to_owned(), spec };
        let value = self.push_leaf(input.into());
        self.state().graph.inputs.push(value.node);
        Tensor(Value::Traced(value))
    }

    /// A constant.
    pub fn constant(&self, array: Array) -> Tensor {
        Tensor(Value::Traced(self.constant_node(array)))
    }

    /// The value of a variable: what was last assigned to it in this program, or what the session
    /// holds before the run.
    pub fn variable(&self, variable: VariableId) -> Tensor {
        let known = self.state().current.get(&variable).copied();
        let value = if let Some(node) = known {
            self.traced(node)
        } else {
            let spec = self.state().graph.variables[variable.index()].spec.clone();
            let value = self.push_leaf(ReadVariable { variable, spec }.into());
            self.state().current.insert(variable, value.node);
            value
        };
        Tensor(Value::Traced(value))
    }

    /// Gives a variable a new value after the run; later reads in this program see it at once.
    pub fn assign(&self, variable: VariableId, value: &Tensor) -> Tensor {
        let spec = self.state().graph.variables[variable.index()].spec.clone();
        let result = Tensor::emit(Assign { variable, spec }, &[value]);
        if let Value::Traced(traced) = &result.0 {
            let mut state = self.state();
            state.current.insert(variable, traced.node);
            state.assigned.insert(variable, traced.node);
        }
        result
    }

    /// The program's next output.
    ///
    /// # Errors
    /// The failure that the tensor carries.
    pub fn output(&self, name: &str, value: &Tensor) -> Result<()> {
        let value = value.clone().checked()?;
        let Value::Traced(traced) = value.0 else {
            return Err(Error::Mixed { operation: "output".to_owned() });
        };
        self.state().graph.outputs.push((name.to_owned(), traced.node));
        Ok(())
    }

    /// Runs `trace` with `name` appended to the layer path of all nodes it emits. A failure it
    /// returns names the path.
    ///
    /// # Errors
    /// What `trace` returns.
    pub fn scope<T>(&self, name: &str, trace: impl FnOnce() -> Result<T>) -> Result<T> {
        self.state().path.push(name.to_owned());
        let result = trace().map_err(|error| self.in_layer(error));
        self.state().path.pop();
        result
    }

    /// The path of the layer that is being traced, e.g. `sequential/dense`.
    pub fn path(&self) -> String {
        self.state().path.join("/")
    }

    /// The finished program.
    pub fn finish(&self) -> Graph {
        let mut state = self.state();
        let mut graph = std::mem::take(&mut state.graph);
        graph.assigns = std::mem::take(&mut state.assigned).into_values().collect();
        graph
    }

    pub(crate) fn emit(&self, primitive: Primitive, operands: &[&Traced]) -> Result<Traced> {
        if operands.iter().any(|operand| !Arc::ptr_eq(&operand.tracer.0, &self.0)) {
            return Err(Error::Mixed { operation: primitive.name().to_owned() });
        }
        let specs: Vec<Spec> = operands.iter().map(|operand| operand.spec.clone()).collect();
        let spec = primitive.rule().infer(&specs)?;
        let operands = operands.iter().map(|operand| operand.node).collect();
        Ok(self.push(primitive, operands, spec))
    }

    pub(crate) fn constant_node(&self, array: Array) -> Traced {
        self.push_leaf(Constant::new(array).into())
    }

    /// The nodes so far; a differentiation walks them.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.state().graph.nodes.clone()
    }

    /// Puts another primitive in a node's place, whose users must not notice.
    pub(crate) fn replace(&self, node: NodeId, primitive: Primitive, spec: Spec) -> Tensor {
        let mut state = self.state();
        let place = &mut state.graph.nodes[node.index()];
        (place.primitive, place.spec) = (primitive, spec);
        drop(state);
        self.tensor(node)
    }

    /// The tensor of a node.
    pub(crate) fn tensor(&self, node: NodeId) -> Tensor {
        Tensor(Value::Traced(self.traced(node)))
    }

    /// Runs `emit` so that its nodes carry `path`.
    pub(crate) fn at_path<T>(&self, path: &str, emit: impl FnOnce() -> T) -> T {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let before =
            std::mem::replace(&mut self.state().path, segments.map(str::to_owned).collect());
        let result = emit();
        self.state().path = before;
        result
    }

    fn push_leaf(&self, primitive: Primitive) -> Traced {
        let spec = primitive.rule().infer(&[]).expect("a leaf states its own specification");
        self.push(primitive, Vec::new(), spec)
    }

    fn push(&self, primitive: Primitive, operands: Vec<NodeId>, spec: Spec) -> Traced {
        let mut state = self.state();
        let node = NodeId(state.graph.nodes.len() as u32);
        let path = state.path.join("/").into();
        state.graph.nodes.push(Node { primitive, operands, spec: spec.clone(), path });
        drop(state);
        Traced { tracer: self.clone(), node, spec }
    }

    fn traced(&self, node: NodeId) -> Traced {
        let spec = self.state().graph.node(node).spec.clone();
        Traced { tracer: self.clone(), node, spec }
    }

    /// Names the layer in a failure that does not name one yet.
    fn in_layer(&self, error: Error) -> Error {
        match error {
            Error::Traced { source, layer, location } if layer.is_empty() => {
                Error::Traced { source, layer: self.path(), location }
            }
            other => other,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Traces `function` on inputs of the given specifications and returns those of its results.
///
/// # Errors
/// The first failure while tracing.
pub fn infer(
    specs: &[Spec],
    function: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<Vec<Spec>> {
    let tracer = Tracer::new(Arc::new([]));
    let inputs = inputs(&tracer, specs);
    let results = function(&inputs)?;
    results.into_iter().map(|result| Ok(result.checked()?.spec().clone())).collect()
}

/// Runs a function of tensors on arrays at once, through the reference interpreter.
///
/// # Errors
/// The first failure while tracing or running.
pub fn eval(
    function: impl FnOnce(&[Tensor]) -> Vec<Tensor>,
    arrays: &[&Array],
) -> Result<Vec<Array>> {
    let tracer = Tracer::new(Arc::new([]));
    let specs: Vec<Spec> =
        arrays.iter().map(|array| Spec::new(array.dtype(), array.shape())).collect();
    for (place, result) in function(&inputs(&tracer, &specs)).iter().enumerate() {
        tracer.output(&format!("y{place}"), result)?;
    }
    interpret(&tracer.finish(), arrays)
}

fn inputs(tracer: &Tracer, specs: &[Spec]) -> Vec<Tensor> {
    let named = specs.iter().enumerate();
    named.map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone())).collect()
}
