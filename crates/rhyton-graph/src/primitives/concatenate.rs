use rhyton_tensor::Array;

use super::strided::{for_each_place, offset, strides};
use super::{Gradient, Rule, Slice, expect_equal_dtypes};
use crate::{Attribute, Attributes, Dim, Error, Result, Spec, Tensor};

/// The operands one after another along an axis; all other sizes are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concatenate {
    /// The axis along which they follow each other.
    pub axis: usize,
}

impl Rule for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn names() -> Vec<&'static str> {
        vec!["concatenate"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axis", self.axis.into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { axis: attributes.number("axis")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        let Some((first, rest)) = operands.split_first() else {
            return Err(Error::argument("concatenate", "operands", "at least one", 0));
        };
        expect_equal_dtypes("concatenate", operands)?;
        if self.axis >= first.shape.rank() {
            let expected = format!("an axis below the rank of {}", first.shape);
            return Err(Error::argument("concatenate", "axis", expected, self.axis));
        }
        let mut dims = first.shape.to_vec();
        for spec in rest {
            let fits = spec.shape.rank() == dims.len()
                && (0..dims.len()).all(|axis| axis == self.axis || spec.shape[axis] == dims[axis]);
            if !fits {
                let expected = format!("{} but for axis {}", first.shape, self.axis);
                return Err(Error::shape("concatenate", "operands", expected, &spec.shape));
            }
            dims[self.axis] = dims[self.axis].plus(spec.shape[self.axis]);
        }
        Ok(first.with_shape(dims))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let mut begin = Dim::fixed(0);
        let mut contributions = Vec::with_capacity(gradient.operands.len());
        for operand in gradient.operands {
            let end = begin.plus(operand.shape()[self.axis]);
            let mut start = vec![Dim::fixed(0); operand.rank()];
            let mut limit = operand.shape().to_vec();
            start[self.axis] = begin;
            limit[self.axis] = end;
            let slice = Slice { start, limit, stride: vec![1; operand.rank()] };
            contributions.push(Some(Tensor::emit(slice, &[gradient.cotangent])));
            begin = end;
        }
        Ok(contributions)
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let mut shape = operands[0].shape().to_vec();
        shape[self.axis] = operands.iter().map(|x| x.shape()[self.axis]).sum();
        let mut result = Array::zeros(operands[0].dtype(), &shape);
        let (walk, size) = (strides(&shape), result.dtype().size_bytes());
        let mut begin = 0;
        for x in operands {
            let mut elements = x.bytes().chunks_exact(size);
            for_each_place(x.shape(), |place| {
                let element = elements.next().expect("one element for each place");
                let to = (offset(place, &walk) + begin * walk[self.axis]) * size;
                result.bytes_mut()[to..to + size].copy_from_slice(element);
            });
            begin += x.shape()[self.axis];
        }
        Ok(result)
    }
}
