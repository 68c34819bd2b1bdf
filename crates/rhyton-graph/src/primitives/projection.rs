use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Dim, Error, Result, Spec, Tensor};

/// One value of a [`Scan`](super::Scan), cut out of the bundle that its node has as a result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Projection {
    /// Which value.
    pub index: usize,
    /// The byte in the bundle at which the value begins.
    pub offset: Dim,
    /// Its shape and element type.
    pub spec: Spec,
}

impl Rule for Projection {
    fn name(&self) -> &'static str {
        "projection"
    }

    fn names() -> Vec<&'static str> {
        vec!["projection"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("index", self.index.into()),
            ("offset", self.offset.into()),
            ("spec", self.spec.clone().into()),
        ]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            index: attributes.number("index")?,
            offset: attributes.size("offset")?,
            spec: attributes.spec("spec")?,
        })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("projection", operands, 1)?;
        let bundle = &operands[0];
        if bundle.dtype != DType::U8 {
            return Err(Error::dtype("projection", "bundle", "uint8", bundle.dtype));
        }
        if bundle.shape.rank() != 1 {
            return Err(Error::shape("projection", "bundle", "one axis", &bundle.shape));
        }
        Ok(self.spec.clone())
    }

    /// A value's cotangent is handed to the scan as a value, not as a part of a bundle; the
    /// differentiation knows that this operand is one of several.
    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.cotangent.clone())])
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let start = self.offset.bind(batch);
        let shape = self.spec.shape.bind(batch);
        let size = rhyton_tensor::volume(&shape)? * self.spec.dtype.size_bytes();
        let bytes =
            operands[0].bytes().get(start..start.saturating_add(size)).ok_or_else(|| {
                let expected = format!("{size} bytes inside a bundle of {}", operands[0].len());
                Error::argument("projection", "offset", expected, start)
            })?;
        Ok(Array::from_bytes(self.spec.dtype, &shape, bytes)?)
    }
}
