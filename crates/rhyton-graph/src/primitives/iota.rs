use rhyton_tensor::{Array, DType};

use super::strided::{for_each_place, from_doubles, from_wholes};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// Each element's own index along an axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Iota {
    /// The shape of the result.
    pub shape: Shape,
    /// The axis whose index is taken.
    pub axis: usize,
    /// The element type of the result, a number.
    pub dtype: DType,
}

impl Rule for Iota {
    fn name(&self) -> &'static str {
        "iota"
    }

    fn names() -> Vec<&'static str> {
        vec!["iota"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("shape", (&self.shape).into()),
            ("axis", self.axis.into()),
            ("dtype", self.dtype.into()),
        ]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            shape: attributes.sizes("shape")?.into(),
            axis: attributes.number("axis")?,
            dtype: attributes.dtype("dtype")?,
        })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("iota", operands, 0)?;
        if self.axis >= self.shape.rank() {
            let expected = format!("an axis below the rank of {}", self.shape);
            return Err(Error::argument("iota", "axis", expected, self.axis));
        }
        if self.dtype == DType::Bool {
            return Err(Error::dtype("iota", "dtype", "a number", self.dtype));
        }
        Ok(Spec::new(self.dtype, self.shape.clone()))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(Vec::new())
    }

    fn evaluate(&self, _: &[&Array], batch: usize) -> Result<Array> {
        let shape = self.shape.bind(batch);
        let mut indices = Vec::new();
        for_each_place(&shape, |place| indices.push(place[self.axis]));
        if self.dtype.is_float() {
            let values: Vec<f64> = indices.iter().map(|&index| index as f64).collect();
            return Ok(from_doubles(self.dtype, &shape, &values));
        }
        let values: Vec<i128> = indices.iter().map(|&index| index as i128).collect();
        Ok(from_wholes(self.dtype, &shape, &values))
    }
}
