use rhyton_graph::{
    Broadcast, Concatenate, Dim, Dimension, Iota, Node, Reshape, Reverse, Slice, Transpose,
};
use rhyton_tensor::DType;

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

impl Lowering<'_> {
    /// The elements of `x`, whose shape is `from`, under another shape.
    pub(super) fn reshape(&mut self, x: Output, from: &[Dim], shape: &[Dim]) -> Result<Output> {
        if from == shape {
            return Ok(x);
        }
        let shape = self.reshape_vector(shape)?;
        self.emit(c"Reshape", &[x, shape])
    }

    /// The shape for a Reshape: one size of the batch is left for TensorFlow to find, which makes
    /// the vector a constant. (It can't be found beside a size of 0.)
    fn reshape_vector(&mut self, shape: &[Dim]) -> Result<Output> {
        let free = shape.iter().filter(|dim| dim.fixed_size().is_none()).count();
        if free != 1 || shape.contains(&Dim::fixed(0)) {
            return self.vector(shape);
        }
        let sizes: Vec<i32> =
            shape.iter().map(|dim| dim.fixed_size().map_or(-1, |size| size as i32)).collect();
        self.int32s(&sizes)
    }

    /// The axes of `x` in another order.
    pub(super) fn transpose(&mut self, x: Output, permutation: &[usize]) -> Result<Output> {
        if permutation.iter().copied().eq(0..permutation.len()) {
            return Ok(x);
        }
        let permutation = self.integers(permutation.iter().copied())?;
        self.emit(c"Transpose", &[x, permutation])
    }

    /// The box of `x` from `start` up to `limit` by `stride`.
    pub(super) fn slice(
        &mut self,
        x: Output,
        (start, limit): (&[Dim], &[Dim]),
        stride: &[usize],
    ) -> Result<Output> {
        let (start, limit) = (self.vector(start)?, self.vector(limit)?);
        let stride = self.integers(stride.iter().copied())?;
        self.emit(c"StridedSlice", &[x, start, limit, stride])
    }
}

impl Lower for Reshape {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        let from = &to.spec(node, 0).shape;
        Ok(to.reshape(x, from, &self.shape)?.into())
    }
}

impl Lower for Transpose {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        Ok(to.transpose(x, &self.permutation)?.into())
    }
}

impl Lower for Broadcast {
    /// Stays narrow: the operand with its axes in their places from the first one on. Elementwise
    /// users stretch it themselves; others make it full.
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        let from = &to.spec(node, 0).shape;
        let first = self.axes.first().copied().unwrap_or(self.shape.rank());
        let mut narrow = vec![Dim::ONE; self.shape.rank() - first];
        for (&axis, &dim) in self.axes.iter().zip(from.iter()) {
            narrow[axis - first] = dim;
        }
        let x = to.reshape(x, from, &narrow)?;
        if *narrow == *self.shape {
            return Ok(x.into());
        }
        Ok(Value { narrow: Some(x), full: None })
    }
}

impl Lower for Slice {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        if self.start.is_empty() {
            return Ok(x.into());
        }
        Ok(to.slice(x, (&self.start, &self.limit), &self.stride)?.into())
    }
}

impl Lower for Concatenate {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let values: Vec<Output> =
            node.operands.iter().map(|&id| to.full(id)).collect::<Result<_>>()?;
        if let [only] = values[..] {
            return Ok(only.into());
        }
        let axis = to.scalar(DType::I32, self.axis as f64)?;
        Ok(to.operation(c"ConcatV2").inputs(&values).input(axis).finish()?.output().into())
    }
}

impl Lower for Reverse {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        let mut axes = self.axes.clone();
        axes.sort_unstable();
        axes.dedup();
        if axes.is_empty() {
            return Ok(x.into());
        }
        let axes = to.integers(axes)?;
        Ok(to.emit(c"ReverseV2", &[x, axes])?.into())
    }
}

impl Lower for Iota {
    fn lower(&self, _: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let (zero, one) = (to.scalar(DType::I32, 0.0)?, to.scalar(DType::I32, 1.0)?);
        let length = self.shape[self.axis];
        let size = to.size(length)?;
        let mut range = to.emit(c"Range", &[zero, size, one])?;
        if self.dtype != DType::I32 {
            range = to.convert(range, self.dtype)?;
        }
        let mut narrow = vec![Dim::ONE; self.shape.rank() - self.axis];
        narrow[0] = length;
        let narrow_range = to.reshape(range, &[length], &narrow)?;
        if *narrow == *self.shape {
            return Ok(narrow_range.into());
        }
        Ok(Value { narrow: Some(narrow_range), full: None })
    }
}

impl Lower for Dimension {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let dim = to.spec(node, 0).shape[self.axis];
        Ok(to.size(dim)?.into())
    }
}
