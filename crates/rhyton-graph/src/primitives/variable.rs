use rhyton_tensor::Array;

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Spec, Tensor, VariableId};

/// The value of a variable before the run.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadVariable {
    /// Which variable of the session.
    pub variable: VariableId,
    /// Its shape and element type.
    pub spec: Spec,
}

/// The value a variable takes after the run; as a value, the operand itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Assign {
    /// Which variable of the session.
    pub variable: VariableId,
    /// Its shape and element type, which the operand must have.
    pub spec: Spec,
}

impl Rule for ReadVariable {
    fn name(&self) -> &'static str {
        "read_variable"
    }

    fn names() -> Vec<&'static str> {
        vec!["read_variable"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("variable", self.variable.index().into()), ("spec", self.spec.clone().into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { variable: VariableId::parse(attributes)?, spec: attributes.spec("spec")? })
    }

    fn infer(&self, _: &[Spec]) -> Result<Spec> {
        Ok(self.spec.clone())
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(Vec::new())
    }

    fn evaluate(&self, _: &[&Array], _: usize) -> Result<Array> {
        Err(Error::argument("read_variable", "variable", "a value from the session", "nothing"))
    }
}

impl Rule for Assign {
    fn name(&self) -> &'static str {
        "assign"
    }

    fn names() -> Vec<&'static str> {
        vec!["assign"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("variable", self.variable.index().into()), ("spec", self.spec.clone().into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { variable: VariableId::parse(attributes)?, spec: attributes.spec("spec")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("assign", operands, 1)?;
        if operands[0].dtype != self.spec.dtype {
            let dtype = operands[0].dtype;
            return Err(Error::dtype("assign", "value", self.spec.dtype.name(), dtype));
        }
        if operands[0].shape != self.spec.shape {
            let expected = self.spec.shape.to_string();
            return Err(Error::shape("assign", "value", expected, &operands[0].shape));
        }
        Ok(self.spec.clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.cotangent.clone())])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(operands[0].clone())
    }
}

impl VariableId {
    /// The attribute `variable` of a graph's text.
    fn parse(attributes: &mut Attributes) -> Result<Self> {
        let index = attributes.number("variable")?;
        let fits = u32::try_from(index).ok();
        fits.map(Self).ok_or_else(|| Error::argument("variable", "variable", "32 bits", index))
    }
}
