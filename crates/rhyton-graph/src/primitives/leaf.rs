use std::sync::Arc;

use rhyton_tensor::Array;

use super::{Gradient, Rule};
use crate::{Attribute, Attributes, Error, Result, Spec, Tensor};

/// An array that a run receives.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The name in messages and in files of inputs.
    pub name: String,
    /// Its shape and element type.
    pub spec: Spec,
}

/// An array known when tracing.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// The values.
    pub array: Arc<Array>,
}

impl Constant {
    /// A constant of these values.
    pub fn new(array: Array) -> Self {
        Self { array: Arc::new(array) }
    }
}

impl Rule for Input {
    fn name(&self) -> &'static str {
        "input"
    }

    fn names() -> Vec<&'static str> {
        vec!["input"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("name", self.name.as_str().into()), ("spec", self.spec.clone().into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { name: attributes.text("name")?, spec: attributes.spec("spec")? })
    }

    fn infer(&self, _: &[Spec]) -> Result<Spec> {
        Ok(self.spec.clone())
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(Vec::new())
    }

    fn evaluate(&self, _: &[&Array], _: usize) -> Result<Array> {
        Err(Error::argument("input", &self.name, "an array from the run", "nothing"))
    }
}

impl Rule for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn names() -> Vec<&'static str> {
        vec!["constant"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("array", Arc::clone(&self.array).into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { array: attributes.array("array")? })
    }

    fn infer(&self, _: &[Spec]) -> Result<Spec> {
        Ok(Spec::new(self.array.dtype(), self.array.shape()))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(Vec::new())
    }

    fn evaluate(&self, _: &[&Array], _: usize) -> Result<Array> {
        Ok((*self.array).clone())
    }
}
