use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_equal_dtypes, expect_equal_shapes, expect_operands};
use crate::{Attributes, Error, Result, Spec, Tensor, select, zeros_like};

/// For each element, the first value where the condition holds and the second elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Select;

impl Rule for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn names() -> Vec<&'static str> {
        vec!["select"]
    }

    fn parse(_: &str, _: &mut Attributes) -> Result<Self> {
        Ok(Self)
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("select", operands, 3)?;
        if operands[0].dtype != DType::Bool {
            return Err(Error::dtype("select", "condition", "bool", operands[0].dtype));
        }
        expect_equal_shapes("select", operands)?;
        expect_equal_dtypes("select", &operands[1..])?;
        Ok(operands[1].clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let condition = &gradient.operands[0];
        let zero = zeros_like(gradient.cotangent);
        let first = select(condition, gradient.cotangent, &zero);
        let second = select(condition, &zero, gradient.cotangent);
        Ok(vec![None, Some(first), Some(second)])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (condition, first, second) = (operands[0], operands[1], operands[2]);
        let mut result = second.clone();
        let size = first.dtype().size_bytes();
        let places = result.bytes_mut().chunks_exact_mut(size);
        for ((place, value), &chosen) in
            places.zip(first.bytes().chunks_exact(size)).zip(condition.bytes())
        {
            if chosen != 0 {
                place.copy_from_slice(value);
            }
        }
        Ok(result)
    }
}
