use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Result, Spec, Tensor, cast};

/// The same values as another element type: to floats rounds to nearest even, float to integer
/// truncates and saturates (NaN becomes 0), integer to narrower wraps, anything to bool is ≠ 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cast {
    /// The element type of the result.
    pub dtype: DType,
}

impl Rule for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn names() -> Vec<&'static str> {
        vec!["cast"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("dtype", self.dtype.into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { dtype: attributes.dtype("dtype")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("cast", operands, 1)?;
        Ok(operands[0].with_dtype(self.dtype))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let from = gradient.operands[0].dtype();
        let flows = from.is_float() && self.dtype.is_float();
        Ok(vec![flows.then(|| cast(gradient.cotangent, from))])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(operands[0].cast(self.dtype))
    }
}
