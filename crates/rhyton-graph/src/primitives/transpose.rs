use rhyton_tensor::Array;

use super::strided::{gather_places, offset, strides};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// The axes in another order: axis `i` of the result is axis `permutation[i]` of the operand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transpose {
    /// The operand's axes in the order of the result.
    pub permutation: Vec<usize>,
}

impl Transpose {
    fn inverse(&self) -> Vec<usize> {
        let mut inverse = vec![0; self.permutation.len()];
        for (place, &axis) in self.permutation.iter().enumerate() {
            inverse[axis] = place;
        }
        inverse
    }
}

impl Rule for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn names() -> Vec<&'static str> {
        vec!["transpose"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("permutation", (&self.permutation).into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { permutation: attributes.numbers("permutation")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("transpose", operands, 1)?;
        let shape = &operands[0].shape;
        let mut sorted = self.permutation.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..shape.rank()) {
            let expected = format!("each axis of {shape} once");
            let received = format!("{:?}", self.permutation);
            return Err(Error::argument("transpose", "permutation", expected, received));
        }
        let dims: Shape = self.permutation.iter().map(|&axis| shape[axis]).collect();
        Ok(operands[0].with_shape(dims))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let back = Self { permutation: self.inverse() };
        Ok(vec![Some(Tensor::emit(back, &[gradient.cotangent]))])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        let shape: Vec<usize> = self.permutation.iter().map(|&axis| x.shape()[axis]).collect();
        let all = strides(x.shape());
        let walk: Vec<usize> = self.permutation.iter().map(|&axis| all[axis]).collect();
        Ok(gather_places(x, &shape, None, |place| Some(offset(place, &walk))))
    }
}
