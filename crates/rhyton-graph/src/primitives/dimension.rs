use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// The size of the operand along an axis in this run, an int32 scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Which axis.
    pub axis: usize,
}

impl Rule for Dimension {
    fn name(&self) -> &'static str {
        "dimension"
    }

    fn names() -> Vec<&'static str> {
        vec!["dimension"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axis", self.axis.into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { axis: attributes.number("axis")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("dimension", operands, 1)?;
        if self.axis >= operands[0].shape.rank() {
            let expected = format!("an axis below the rank of {}", operands[0].shape);
            return Err(Error::argument("dimension", "axis", expected, self.axis));
        }
        Ok(Spec::new(DType::I32, Shape::scalar()))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(Array::scalar(operands[0].shape()[self.axis] as i32))
    }
}
