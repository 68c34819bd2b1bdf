use std::sync::{Arc, PoisonError, RwLock};

use rhyton_tensor::Array;

use crate::{
    Backend, Device, Error, Executable, Graph, Node, NodeId, Primitive, Result, RunOptions,
    Session, Unsupported, VariableId, VariableSpec,
};

/// Runs a program without variables on arrays, by the primitives' own evaluation.
///
/// # Errors
/// [`crate::Error::Input`] for arrays that do not fit; what an evaluation refuses.
pub fn interpret(graph: &Graph, inputs: &[&Array]) -> Result<Vec<Array>> {
    let run = evaluate(graph, inputs, &[], &RunOptions::default())?;
    Ok(run.outputs)
}

/// The outputs of a run, and what it assigns.
struct Run {
    outputs: Vec<Array>,
    assigned: Vec<(VariableId, Array)>,
}

fn evaluate(
    graph: &Graph,
    inputs: &[&Array],
    variables: &[Array],
    options: &RunOptions,
) -> Result<Run> {
    let batch = graph.bind_batch(inputs)?;
    graph.check_batch(batch)?;
    evaluate_at(batch, graph, inputs, variables, options)
}

/// Runs the body of a loop: a graph without variables, at the batch size of the program around it.
pub(crate) fn evaluate_body(graph: &Graph, inputs: &[&Array], batch: usize) -> Result<Vec<Array>> {
    let run = evaluate_at(batch, graph, inputs, &[], &RunOptions::default())?;
    Ok(run.outputs)
}

fn evaluate_at(
    batch: usize,
    graph: &Graph,
    inputs: &[&Array],
    variables: &[Array],
    options: &RunOptions,
) -> Result<Run> {
    let last_use = last_uses(graph);
    let mut values: Vec<Option<Array>> = vec![None; graph.nodes.len()];
    for (id, node) in graph.iter() {
        options.check()?;
        let value = match &node.primitive {
            Primitive::Input(_) => {
                let place = graph.inputs.iter().position(|&input| input == id);
                inputs[place.expect("every input node is listed")].clone()
            }
            Primitive::ReadVariable(read) => variables[read.variable.index()].clone(),
            primitive => {
                let operands: Vec<&Array> = node
                    .operands
                    .iter()
                    .map(|operand| values[operand.index()].as_ref().expect("operands come first"))
                    .collect();
                primitive.rule().evaluate(&operands, batch)?
            }
        };
        check_shape(node, &value, batch)?;
        values[id.index()] = Some(value);
        for operand in &node.operands {
            if last_use[operand.index()] == id {
                values[operand.index()] = None;
            }
        }
    }
    let value = |id: NodeId| values[id.index()].clone().expect("roots are kept to the end");
    let outputs = graph.outputs.iter().map(|(_, id)| value(*id)).collect();
    let assigned = graph
        .assigns
        .iter()
        .filter_map(|&id| match &graph.node(id).primitive {
            Primitive::Assign(assign) => Some((assign.variable, value(id))),
            _ => None,
        })
        .collect();
    Ok(Run { outputs, assigned })
}

/// Fails where a size does not hold for this batch, such as `N-1` for none.
fn check_shape(node: &Node, value: &Array, batch: usize) -> Result<()> {
    if value.shape() == node.spec.shape.bind(batch) && value.dtype() == node.spec.dtype {
        return Ok(());
    }
    let expected = format!("a batch for which the result is {}", node.spec);
    let received = format!("N = {batch}, which makes {}{:?}", value.dtype(), value.shape());
    Err(Error::argument(node.primitive.name(), "N", expected, received))
}

/// For each node the last node that uses it; roots and inputs' order keep theirs for ever.
fn last_uses(graph: &Graph) -> Vec<NodeId> {
    let forever = NodeId(u32::MAX);
    let mut last: Vec<NodeId> = graph.iter().map(|_| forever).collect();
    for (id, node) in graph.iter() {
        for operand in &node.operands {
            last[operand.index()] = id;
        }
    }
    for root in graph.roots() {
        last[root.index()] = forever;
    }
    last
}

/// The one device.
const DEVICE: &str = "cpu";

/// The reference interpreter as a backend: the meaning of every graph, and never fast.
#[derive(Debug, Clone, Copy, Default)]
pub struct InterpreterBackend;

impl Backend for InterpreterBackend {
    fn name(&self) -> &'static str {
        "interpreter"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        let description = "reference evaluation, one thread".to_owned();
        Ok(vec![Device { name: DEVICE.to_owned(), description }])
    }

    fn session(
        &self,
        device: Option<&str>,
        variables: Arc<[VariableSpec]>,
    ) -> Result<Arc<dyn Session>> {
        if let Some(other) = device.filter(|&name| name != DEVICE) {
            return Err(Error::Backend {
                backend: "interpreter".to_owned(),
                what: format!("there is no device `{other}`"),
                advice: format!("use `interpreter` or `interpreter:{DEVICE}`"),
            });
        }
        let values = variables
            .iter()
            .map(|variable| Array::zeros(variable.spec.dtype, &variable.spec.shape.bind(0)))
            .collect();
        Ok(Arc::new(InterpreterSession { variables, values: Arc::new(RwLock::new(values)) }))
    }
}

struct InterpreterSession {
    variables: Arc<[VariableSpec]>,
    values: Arc<RwLock<Vec<Array>>>,
}

impl Session for InterpreterSession {
    fn unsupported(&self, _graph: &Graph) -> Vec<Unsupported> {
        Vec::new()
    }

    fn compile(&self, graph: &Graph) -> Result<Arc<dyn Executable>> {
        let values = Arc::clone(&self.values);
        Ok(Arc::new(InterpretedProgram { graph: graph.clone(), values }))
    }

    fn read(&self, variable: VariableId) -> Result<Array> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        Ok(values[variable.index()].clone())
    }

    fn write(&self, variable: VariableId, value: &Array) -> Result<()> {
        self.variables[variable.index()].check(value)?;
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values[variable.index()] = value.clone();
        Ok(())
    }
}

struct InterpretedProgram {
    graph: Graph,
    values: Arc<RwLock<Vec<Array>>>,
}

impl Executable for InterpretedProgram {
    fn run(&self, inputs: &[&Array], outputs: &mut Vec<Array>, options: &RunOptions) -> Result<()> {
        if !self.graph.assigns_variables() {
            let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
            *outputs = evaluate(&self.graph, inputs, &values, options)?.outputs;
            return Ok(());
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        let run = evaluate(&self.graph, inputs, &values, options)?;
        for (variable, value) in run.assigned {
            values[variable.index()] = value;
        }
        *outputs = run.outputs;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Spec, Tensor, Tracer, gradients, log_softmax, matmul, mean, sigmoid, sum};
    use rhyton_tensor::DType;

    fn array(shape: &[usize], seed: f32) -> Array {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|i| ((i as f32 + seed) * 0.7).sin()).collect();
        Array::from_slice(shape, &values).unwrap()
    }

    fn swish(x: &Tensor, beta: &Tensor) -> Tensor {
        x * sigmoid(beta * x)
    }

    /// One executable, three batch sizes, a variable that a step of descent moves.
    #[test]
    fn one_program_serves_every_batch_size() {
        let variables: Arc<[VariableSpec]> = Arc::new([VariableSpec {
            name: "kernel".to_owned(),
            spec: Spec::new(DType::F32, &[3, 2][..]),
        }]);
        let tracer = Tracer::new(Arc::clone(&variables));
        let x = tracer.input("x", Spec::new(DType::F32, crate::Shape::batched(&[3])));
        let kernel = tracer.variable(VariableId(0));
        let logits = swish(&matmul(&x, &kernel), &x.scalar_like(1.5));
        let loss = mean(&sum(&log_softmax(&logits, -1), Some(&[-1]), false), None, false);
        let gradient = gradients(&loss, &[&kernel]).unwrap().remove(0);
        tracer.assign(VariableId(0), &(&kernel - gradient * 0.1));
        tracer.output("loss", &loss).unwrap();
        let session = InterpreterBackend.session(None, variables).unwrap();
        let program = session.compile(&tracer.finish()).unwrap();
        for batch in [1, 7, 128] {
            session.write(VariableId(0), &array(&[3, 2], 0.0)).unwrap();
            let mut outputs = Vec::new();
            let input = array(&[batch, 3], 1.0);
            let mut losses = Vec::new();
            for _ in 0..5 {
                program.run(&[&input], &mut outputs, &RunOptions::default()).unwrap();
                losses.push(outputs[0].view::<f32>()[0]);
            }
            assert!(losses.windows(2).all(|pair| pair[1] < pair[0]), "{batch}: {losses:?}");
        }
        let wrong = program.run(&[&array(&[2, 4], 0.0)], &mut Vec::new(), &RunOptions::default());
        insta::assert_snapshot!(wrong.unwrap_err(), @"run: input `x` expected float32[N, 3] with N = 2, received float32[2, 4]");
    }

    #[test]
    fn the_first_failure_names_the_line() {
        let result = crate::eval(
            |x| vec![(&x[0] + &x[1]) * 2.0],
            &[&array(&[2, 3], 0.0), &array(&[4], 0.0)],
        );
        let message = result.unwrap_err().to_string();
        assert!(
            message.contains("broadcasts with [2, 3]") && message.contains("interpreter.rs"),
            "{message}"
        );
    }
}
