use rhyton_tensor::Array;

use super::strided::{gather_places, offset, strides};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Dim, Error, Result, Shape, Spec, Tensor, reshape_to, sum_axes};

/// Repeats an operand along new axes, and along axes where its size is 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Broadcast {
    /// The shape of the result.
    pub shape: Shape,
    /// Which axis of the result each axis of the operand becomes, rising.
    pub axes: Vec<usize>,
}

impl Broadcast {
    /// The axes of the result along which `from` is repeated.
    pub fn repeated(&self, from: &Shape) -> Vec<usize> {
        let kept = |axis: usize| {
            let place = self.axes.iter().position(|&to| to == axis);
            place.is_some_and(|place| from[place] == self.shape[axis])
        };
        (0..self.shape.rank()).filter(|&axis| !kept(axis)).collect()
    }
}

impl Rule for Broadcast {
    fn name(&self) -> &'static str {
        "broadcast"
    }

    fn names() -> Vec<&'static str> {
        vec!["broadcast"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("shape", (&self.shape).into()), ("axes", (&self.axes).into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { shape: attributes.sizes("shape")?.into(), axes: attributes.numbers("axes")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("broadcast", operands, 1)?;
        let from = &operands[0].shape;
        let rising = self.axes.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = self.axes.iter().all(|&axis| axis < self.shape.rank());
        if self.axes.len() != from.rank() || !rising || !inside {
            let expected = format!("one rising axis of {} for each axis of {from}", self.shape);
            return Err(Error::argument("broadcast", "axes", expected, format!("{:?}", self.axes)));
        }
        let fits = |(&axis, &dim): (&usize, &Dim)| dim == Dim::ONE || dim == self.shape[axis];
        if !self.axes.iter().zip(from.iter()).all(fits) {
            let expected = format!("a shape that stretches to {}", self.shape);
            return Err(Error::shape("broadcast", "x", expected, from));
        }
        Ok(operands[0].with_shape(self.shape.clone()))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let from = gradient.operands[0].shape();
        let summed = sum_axes(gradient.cotangent, &self.repeated(from));
        Ok(vec![Some(reshape_to(&summed, from.clone()))])
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let (x, shape) = (operands[0], self.shape.bind(batch));
        let mut walk = vec![0; shape.len()];
        for ((&axis, stride), &size) in self.axes.iter().zip(strides(x.shape())).zip(x.shape()) {
            walk[axis] = if size == 1 { 0 } else { stride };
        }
        Ok(gather_places(x, &shape, None, |place| Some(offset(place, &walk))))
    }
}
