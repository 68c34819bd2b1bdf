use rhyton_tensor::Array;

use super::strided::{gather_places, offset, strides};
use super::{Gradient, Rule, Slice, expect_equal_dtypes, expect_operands};
use crate::{Attribute, Attributes, Dim, Error, Result, Shape, Spec, Tensor, subtract, sum_axes};

/// Puts `interior` places between neighbours and `low` and `high` places around them along each
/// axis; the second operand, a scalar, fills them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pad {
    /// Places before the first element along each axis.
    pub low: Vec<Dim>,
    /// Places after the last element along each axis.
    pub high: Vec<Dim>,
    /// Places between neighbours along each axis.
    pub interior: Vec<usize>,
}

impl Pad {
    fn inner(&self, axis: usize, dim: Dim) -> Dim {
        let step = self.interior[axis] + 1;
        if dim == Dim::fixed(0) { dim } else { dim.times(step).offset(1 - step as isize) }
    }

    /// The part of the result that holds the operand.
    fn slice(&self, result: &Shape) -> Slice {
        let limit = result.iter().zip(&self.high).map(|(dim, high)| Dim {
            batches: dim.batches - high.batches,
            constant: dim.constant - high.constant,
        });
        Slice {
            start: self.low.clone(),
            limit: limit.collect(),
            stride: self.interior.iter().map(|interior| interior + 1).collect(),
        }
    }
}

impl Rule for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn names() -> Vec<&'static str> {
        vec!["pad"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("low", (&self.low).into()),
            ("high", (&self.high).into()),
            ("interior", (&self.interior).into()),
        ]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            low: attributes.sizes("low")?,
            high: attributes.sizes("high")?,
            interior: attributes.numbers("interior")?,
        })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("pad", operands, 2)?;
        expect_equal_dtypes("pad", operands)?;
        let (shape, value) = (&operands[0].shape, &operands[1].shape);
        if value.rank() != 0 {
            return Err(Error::shape("pad", "value", "a scalar", value));
        }
        let rank = shape.rank();
        let counts = [self.low.len(), self.high.len(), self.interior.len()];
        let mut places = self.low.iter().chain(&self.high);
        let negative = places.any(|dim| dim.batches == 0 && dim.constant < 0);
        if counts != [rank; 3] || negative {
            let expected = format!("low, high ≥ 0 and interior for each axis of {shape}");
            return Err(Error::argument("pad", "attributes", expected, format!("{self:?}")));
        }
        let dims = (0..rank)
            .map(|axis| self.inner(axis, shape[axis]).plus(self.low[axis]).plus(self.high[axis]));
        Ok(operands[0].with_shape(dims.collect::<Shape>()))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let cotangent = gradient.cotangent;
        let inside = Tensor::emit(self.slice(cotangent.shape()), &[cotangent]);
        let value = gradient.needed[1].then(|| {
            let all = |tensor: &Tensor| sum_axes(tensor, &(0..tensor.rank()).collect::<Vec<_>>());
            subtract(all(cotangent), all(&inside))
        });
        Ok(vec![Some(inside), value])
    }

    fn check_batch(&self, _: &[&Spec], batch: usize) -> Result<()> {
        let mut places = self.low.iter().chain(&self.high);
        match places.find(|dim| dim.checked_bind(batch).is_none()) {
            None => Ok(()),
            Some(dim) => {
                let expected = format!("places that are there at N = {batch}");
                Err(Error::argument("pad", "low and high", expected, dim))
            }
        }
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let (x, value) = (operands[0], operands[1]);
        let bind = |dims: &[Dim]| dims.iter().map(|dim| dim.bind(batch)).collect::<Vec<_>>();
        let (low, high) = (bind(&self.low), bind(&self.high));
        let inner = |axis: usize| {
            let size = x.shape()[axis];
            size + size.saturating_sub(1) * self.interior[axis]
        };
        let shape: Vec<usize> =
            (0..x.rank()).map(|axis| low[axis] + inner(axis) + high[axis]).collect();
        let walk = strides(x.shape());
        Ok(gather_places(x, &shape, Some(value), |place| {
            let mut origin = Vec::with_capacity(place.len());
            for (axis, &index) in place.iter().enumerate() {
                let index = index.checked_sub(low[axis])?;
                let step = self.interior[axis] + 1;
                let within = index % step == 0 && index / step < x.shape()[axis];
                origin.push(within.then_some(index / step)?);
            }
            Some(offset(&origin, &walk))
        }))
    }
}
