use std::sync::Arc;

use rhyton_tensor::Array;

use super::{Gradient, Rule};
use crate::autodiff::sum_to;
use crate::{Attribute, Attributes, Error, Graph, Result, Shape, Spec, Tensor, cast};

/// The first operand itself, an elementwise function of the others, with a derivative that a caller
/// stated: see [`custom_gradient`](crate::custom_gradient).
///
/// Operands: the value, then the function's inputs, which broadcast to its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomGradient {
    /// From the inputs and the value to the derivative by each input; a graph without variables.
    pub derivative: Arc<Graph>,
}

impl CustomGradient {
    fn check_derivative(&self, operands: &[Spec]) -> Result<()> {
        let graph = &self.derivative;
        let inputs = graph.inputs.iter().map(|&id| &graph.node(id).spec);
        let fits = graph.variables.is_empty()
            && graph.assigns.is_empty()
            && graph.outputs.len() + 1 == operands.len()
            && inputs.eq(operands[1..].iter().chain(&operands[..1]));
        if fits {
            return Ok(());
        }
        let count = operands.len() - 1;
        let expected = format!("a derivative by each of {count} inputs, from them and the value");
        let (inputs, outputs) = (graph.inputs.len(), graph.outputs.len());
        let received = format!("a graph from {inputs} tensors to {outputs}");
        Err(Error::argument("custom_gradient", "derivative", expected, received))
    }
}

impl Rule for CustomGradient {
    fn name(&self) -> &'static str {
        "custom_gradient"
    }

    fn names() -> Vec<&'static str> {
        vec!["custom_gradient"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("derivative", Arc::clone(&self.derivative).into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { derivative: attributes.graph("derivative")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        let [value, inputs @ ..] = operands else {
            let expected = "the value and the inputs it was computed from";
            return Err(Error::argument("custom_gradient", "operands", expected, operands.len()));
        };
        if !value.dtype.is_float() {
            return Err(Error::dtype("custom_gradient", "value", "a float", value.dtype));
        }
        self.check_derivative(operands)?;
        let stretches = |what: &str, shape: &Shape| {
            if value.shape.broadcast("custom_gradient", shape).is_ok_and(|all| all == value.shape) {
                return Ok(());
            }
            let expected = format!("a shape that broadcasts to {}", value.shape);
            Err(Error::shape("custom_gradient", what, expected, shape))
        };
        for ((_, slope), input) in self.derivative.outputs.iter().zip(inputs) {
            let slope = &self.derivative.node(*slope).spec;
            stretches("inputs", &input.shape)?;
            stretches("derivative", &slope.shape)?;
            if !slope.dtype.is_float() {
                return Err(Error::dtype("custom_gradient", "derivative", "a float", slope.dtype));
            }
        }
        Ok(value.clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let inputs = &gradient.operands[1..];
        let arguments = [inputs, std::slice::from_ref(gradient.result)].concat();
        let slopes = self.derivative.call(&arguments)?;
        let contributions = inputs.iter().zip(slopes).map(|(input, slope)| {
            let all = cast(&(gradient.cotangent * slope), input.dtype());
            input.dtype().is_float().then(|| sum_to(&all, input.shape()))
        });
        Ok(std::iter::once(None).chain(contributions).collect())
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(operands[0].clone())
    }
}
