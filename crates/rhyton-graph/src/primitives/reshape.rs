use rhyton_tensor::Array;

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// The same elements in the same order under another shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reshape {
    /// The shape of the result.
    pub shape: Shape,
}

impl Rule for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn names() -> Vec<&'static str> {
        vec!["reshape"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("shape", (&self.shape).into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { shape: attributes.sizes("shape")?.into() })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("reshape", operands, 1)?;
        if operands[0].shape.polynomial() != self.shape.polynomial() {
            let expected = format!("as many elements as {}", self.shape);
            return Err(Error::shape("reshape", "x", expected, &operands[0].shape));
        }
        Ok(operands[0].with_shape(self.shape.clone()))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let shape = gradient.operands[0].shape().clone();
        Ok(vec![Some(Tensor::emit(Self { shape }, &[gradient.cotangent]))])
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        Ok(operands[0].clone().reshaped(&self.shape.bind(batch))?)
    }
}
