use rhyton_tensor::Array;

use super::strided::{gather_places, offset, strides};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Spec, Tensor};

/// The elements in opposite order along some axes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reverse {
    /// The axes along which the order turns.
    pub axes: Vec<usize>,
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "reverse"
    }

    fn names() -> Vec<&'static str> {
        vec!["reverse"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axes", (&self.axes).into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { axes: attributes.numbers("axes")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("reverse", operands, 1)?;
        if let Some(&axis) = self.axes.iter().find(|&&axis| axis >= operands[0].shape.rank()) {
            let expected = format!("axes below the rank of {}", operands[0].shape);
            return Err(Error::argument("reverse", "axes", expected, axis));
        }
        if (1..self.axes.len()).any(|place| self.axes[..place].contains(&self.axes[place])) {
            let received = format!("{:?}", self.axes);
            return Err(Error::argument("reverse", "axes", "each axis once", received));
        }
        Ok(operands[0].clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(Tensor::emit(self.clone(), &[gradient.cotangent]))])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        let walk = strides(x.shape());
        Ok(gather_places(x, x.shape(), None, |place| {
            let turned: Vec<usize> =
                place
                    .iter()
                    .enumerate()
                    .map(|(axis, &index)| {
                        if self.axes.contains(&axis) { x.shape()[axis] - 1 - index } else { index }
                    })
                    .collect();
            Some(offset(&turned, &walk))
        }))
    }
}
