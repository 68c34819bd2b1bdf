use rhyton_tensor::Array;

use super::{Gradient, Rule, expect_operands};
use crate::{Attributes, Result, Spec, Tensor};

/// The operand itself, through which no gradient flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StopGradient;

impl Rule for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }

    fn names() -> Vec<&'static str> {
        vec!["stop_gradient"]
    }

    fn parse(_: &str, _: &mut Attributes) -> Result<Self> {
        Ok(Self)
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("stop_gradient", operands, 1)?;
        Ok(operands[0].clone())
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(operands[0].clone())
    }
}
