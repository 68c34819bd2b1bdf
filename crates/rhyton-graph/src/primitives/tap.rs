use rhyton_tensor::Array;

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Result, Spec, Tensor};

/// The operand itself under a name, so that a run can show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tap {
    /// The name under which the value can be asked for.
    pub name: String,
}

impl Rule for Tap {
    fn name(&self) -> &'static str {
        "tap"
    }

    fn names() -> Vec<&'static str> {
        vec!["tap"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("name", self.name.as_str().into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { name: attributes.text("name")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("tap", operands, 1)?;
        Ok(operands[0].clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.cotangent.clone())])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(operands[0].clone())
    }
}
