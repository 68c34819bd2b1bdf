use rhyton_tensor::Array;

use super::strided::{gather_places, offset, strides, wholes};
use super::{Gradient, Rule, Scatter, Scattering, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor, zeros_like};

/// Takes rows along an axis by integer indices of any shape, whose axes stand in the axis' place.
/// An index outside 0 … size − 1 gives zeros; negative ones do not wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gather {
    /// The axis that the indices count.
    pub axis: usize,
}

impl Gather {
    /// The shape of the result for operands `x` and `indices`.
    pub(super) fn shape(self, name: &str, x: &Spec, indices: &Spec) -> Result<Shape> {
        if self.axis >= x.shape.rank() {
            let expected = format!("an axis below the rank of {}", x.shape);
            return Err(Error::argument(name, "axis", expected, self.axis));
        }
        if !indices.dtype.is_integer() {
            return Err(Error::dtype(name, "indices", "an integer", indices.dtype));
        }
        let (before, after) = (&x.shape[..self.axis], &x.shape[self.axis + 1..]);
        Ok(before.iter().chain(indices.shape.iter()).chain(after).copied().collect())
    }
}

impl Rule for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn names() -> Vec<&'static str> {
        vec!["gather"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axis", self.axis.into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { axis: attributes.number("axis")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("gather", operands, 2)?;
        let shape = self.shape("gather", &operands[0], &operands[1])?;
        Ok(operands[0].with_shape(shape))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let scatter = Scatter { scattering: Scattering::Add, axis: self.axis };
        let (x, indices) = (&gradient.operands[0], &gradient.operands[1]);
        let sums = Tensor::emit(scatter, &[&zeros_like(x), indices, gradient.cotangent]);
        Ok(vec![Some(sums), None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (x, indices) = (operands[0], operands[1]);
        let rows = rows(indices, x.shape()[self.axis]);
        let (index_rank, index_walk) = (indices.rank(), strides(indices.shape()));
        let mut shape = x.shape()[..self.axis].to_vec();
        shape.extend(indices.shape());
        shape.extend(&x.shape()[self.axis + 1..]);
        let walk = strides(x.shape());
        Ok(gather_places(x, &shape, None, |place| {
            let (before, rest) = place.split_at(self.axis);
            let (index, after) = rest.split_at(index_rank);
            let row = rows[offset(index, &index_walk)]?;
            let outside = offset(before, &walk) + offset(after, &walk[self.axis + 1..]);
            Some(outside + row * walk[self.axis])
        }))
    }
}

/// The indices as rows of an axis of this size; `None` for those outside.
pub(super) fn rows(indices: &Array, size: usize) -> Vec<Option<usize>> {
    let row = |index: i128| usize::try_from(index).ok().filter(|&row| row < size);
    wholes(indices).into_iter().map(row).collect()
}
