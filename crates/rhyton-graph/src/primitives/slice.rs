use rhyton_tensor::Array;

use super::strided::{gather_places, offset, strides};
use super::{Gradient, Pad, Rule, expect_operands};
use crate::{Attribute, Attributes, Dim, Error, Result, Shape, Spec, Tensor};

/// A box of the operand: along each axis from `start` up to `limit`, every `stride`-th element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The first index along each axis.
    pub start: Vec<Dim>,
    /// One past the last index along each axis.
    pub limit: Vec<Dim>,
    /// The step along each axis, at least 1. An axis cut at sizes of the batch has step 1.
    pub stride: Vec<usize>,
}

impl Slice {
    /// The size of the result along an axis, if it can be said for every batch.
    fn size(&self, axis: usize) -> Option<Dim> {
        let (start, limit, stride) = (self.start[axis], self.limit[axis], self.stride[axis]);
        let batches = limit.batches.checked_sub(start.batches)?;
        let constant = limit.constant - start.constant;
        match (batches, stride) {
            (_, 0) => None,
            (_, 1) => Some(Dim { batches, constant }),
            (0, _) => Some(Dim::fixed(constant.max(0).unsigned_abs().div_ceil(stride))),
            _ => None,
        }
    }
}

impl Rule for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn names() -> Vec<&'static str> {
        vec!["slice"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("start", (&self.start).into()),
            ("limit", (&self.limit).into()),
            ("stride", (&self.stride).into()),
        ]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            start: attributes.sizes("start")?,
            limit: attributes.sizes("limit")?,
            stride: attributes.numbers("stride")?,
        })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("slice", operands, 1)?;
        let shape = &operands[0].shape;
        let rank = shape.rank();
        if self.start.len() != rank || self.limit.len() != rank || self.stride.len() != rank {
            let expected = format!("start, limit and stride for each axis of {shape}");
            return Err(Error::argument("slice", "attributes", expected, format!("{self:?}")));
        }
        let mut dims = Vec::with_capacity(rank);
        for axis in 0..rank {
            let (start, limit) = (self.start[axis], self.limit[axis]);
            let inside = (start.constant >= 0 || start.batches > 0)
                && limit.batches <= shape[axis].batches
                && (limit.batches < shape[axis].batches || limit.constant <= shape[axis].constant);
            let ordered = start.batches < limit.batches
                || (start.batches == limit.batches && start.constant <= limit.constant);
            let size = self.size(axis).filter(|_| inside && ordered);
            let Some(size) = size else {
                let expected = format!("a range inside axis {axis} of {shape}");
                let received = format!("{start}..{limit} by {}", self.stride[axis]);
                return Err(Error::argument("slice", "start..limit", expected, received));
            };
            dims.push(size);
        }
        Ok(operands[0].with_shape(Shape::from(dims)))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let shape = gradient.operands[0].shape();
        let result = gradient.result.shape();
        let mut high = Vec::with_capacity(shape.rank());
        for axis in 0..shape.rank() {
            let stride = self.stride[axis];
            let covered = result[axis].times(stride).offset(1 - stride as isize);
            let covered = if result[axis] == Dim::fixed(0) { Dim::fixed(0) } else { covered };
            let end = self.start[axis].plus(covered);
            let batches = shape[axis].batches - end.batches;
            high.push(Dim { batches, constant: shape[axis].constant - end.constant });
        }
        let interior = self.stride.iter().map(|stride| stride - 1).collect();
        let pad = Pad { low: self.start.clone(), high, interior };
        let zero = gradient.cotangent.scalar_like(0.0);
        Ok(vec![Some(Tensor::emit(pad, &[gradient.cotangent, &zero]))])
    }

    fn check_batch(&self, operands: &[&Spec], batch: usize) -> Result<()> {
        for (axis, size) in operands[0].shape.bind(batch).into_iter().enumerate() {
            let (start, limit) = (self.start[axis], self.limit[axis]);
            let inside = start.checked_bind(batch).is_some()
                && limit.checked_bind(batch).is_some_and(|limit| limit <= size);
            if !inside {
                let expected = format!("a range inside 0..{size} along axis {axis} at N = {batch}");
                return Err(Error::argument(
                    "slice",
                    "start..limit",
                    expected,
                    format!("{start}..{limit}"),
                ));
            }
        }
        Ok(())
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let x = operands[0];
        let all = strides(x.shape());
        let start: Vec<usize> = self.start.iter().map(|dim| dim.bind(batch)).collect();
        let shape: Vec<usize> = (0..x.rank())
            .map(|axis| {
                let length = self.limit[axis].bind(batch).saturating_sub(start[axis]);
                length.div_ceil(self.stride[axis])
            })
            .collect();
        let walk: Vec<usize> = all.iter().zip(&self.stride).map(|(a, b)| a * b).collect();
        let first = offset(&start, &all);
        Ok(gather_places(x, &shape, None, |place| Some(first + offset(place, &walk))))
    }
}
