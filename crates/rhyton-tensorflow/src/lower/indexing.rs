use rhyton_graph::{Dim, Gather, Node, Scatter, Scattering};
use rhyton_tensor::DType;

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

/// Indices that TensorFlow takes, and where they were inside the axis.
struct Indices {
    /// Outside ones point at row 0.
    safe: Output,
    inside: Output,
}

/// TensorFlow stops at an index outside the axis.
fn indices(node: &Node, size: Dim, to: &mut Lowering<'_>) -> Result<Indices> {
    let (mut indices, mut dtype) = (to.operand(node, 1)?, to.spec(node, 1).dtype);
    if dtype != DType::I32 {
        indices = to.convert(indices, DType::I64)?;
        dtype = DType::I64;
    }
    let zero = to.scalar(dtype, 0.0)?;
    let mut size = to.size(size)?;
    if dtype != DType::I32 {
        size = to.convert(size, dtype)?;
    }
    let not_before = to.emit(c"GreaterEqual", &[indices, zero])?;
    let not_after = to.emit(c"Less", &[indices, size])?;
    let inside = to.emit(c"LogicalAnd", &[not_before, not_after])?;
    let safe = to.emit(c"SelectV2", &[inside, indices, zero])?;
    Ok(Indices { safe, inside })
}

impl Lower for Gather {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        let (spec, index_spec) = (to.spec(node, 0), to.spec(node, 1));
        let indices = indices(node, spec.shape[self.axis], to)?;
        let axis = to.scalar(DType::I32, self.axis as f64)?;
        let rows = to.emit(c"GatherV2", &[x, indices.safe, axis])?;
        let mut shape = index_spec.shape.to_vec();
        shape.resize(shape.len() + spec.shape.rank() - self.axis - 1, Dim::ONE);
        let inside = to.reshape(indices.inside, &index_spec.shape, &shape)?;
        let zero = to.scalar(spec.dtype, 0.0)?;
        Ok(to.emit(c"SelectV2", &[inside, rows, zero])?.into())
    }

    fn unsupported(&self, operands: &[&rhyton_graph::Spec]) -> Option<String> {
        nothing_to_index(operands[0].shape[self.axis])
    }
}

impl Lower for Scatter {
    /// Rows come first for TensorFlow. Updates outside go to row 0 as zeros to be added; for
    /// setting, to one more row that is cut off.
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let (base, updates) = (to.operand(node, 0)?, to.operand(node, 2)?);
        let (spec, index_spec) = (to.spec(node, 0), to.spec(node, 1));
        let (size, index_rank) = (spec.shape[self.axis], index_spec.shape.rank());
        let indices = indices(node, size, to)?;
        let base = to.transpose(base, &front(self.axis..=self.axis, spec.shape.rank()))?;
        let index_axes = self.axis..self.axis + index_rank;
        let update_order = front(index_axes, to.spec(node, 2).shape.rank());
        let updates = to.transpose(updates, &update_order)?;
        let mut one_each = index_spec.shape.to_vec();
        one_each.push(Dim::ONE);
        let result = match self.scattering {
            Scattering::Add => {
                let mut shape = index_spec.shape.to_vec();
                shape.resize(shape.len() + spec.shape.rank() - 1, Dim::ONE);
                let inside = to.reshape(indices.inside, &index_spec.shape, &shape)?;
                let zero = to.scalar(spec.dtype, 0.0)?;
                let updates = to.emit(c"SelectV2", &[inside, updates, zero])?;
                let rows = to.reshape(indices.safe, &index_spec.shape, &one_each)?;
                to.emit(c"TensorScatterAdd", &[base, rows, updates])?
            }
            Scattering::Set => {
                let end = to.size(size)?;
                let wide = index_spec.dtype != DType::I32;
                let end = if wide { to.convert(end, DType::I64)? } else { end };
                let rows = to.emit(c"SelectV2", &[indices.inside, indices.safe, end])?;
                let rows = to.reshape(rows, &index_spec.shape, &one_each)?;
                set_rows(base, (rows, updates), spec, self.axis, to)?
            }
        };
        Ok(to.transpose(result, &back(self.axis, spec.shape.rank()))?.into())
    }

    fn unsupported(&self, operands: &[&rhyton_graph::Spec]) -> Option<String> {
        nothing_to_index(operands[0].shape[self.axis])
    }
}

fn nothing_to_index(size: Dim) -> Option<String> {
    (size == Dim::fixed(0)).then(|| "expected an axis of at least one row, received 0".to_owned())
}

/// Rows of `base`, which come first, replaced; those at the index behind the last are dropped.
fn set_rows(
    base: Output,
    (rows, updates): (Output, Output),
    spec: &rhyton_graph::Spec,
    axis: usize,
    to: &mut Lowering<'_>,
) -> Result<Output> {
    let rank = spec.shape.rank();
    let zero = to.scalar(spec.dtype, 0.0)?;
    let mut counts = vec![Dim::fixed(0); 2 * rank];
    counts[1] = Dim::ONE;
    let longer = to.padded(base, zero, &counts)?;
    let set = to.emit(c"TensorScatterUpdate", &[longer, rows, updates])?;
    let limit: Vec<Dim> = front(axis..=axis, rank).iter().map(|&axis| spec.shape[axis]).collect();
    to.slice(set, (&vec![Dim::fixed(0); rank], &limit), &vec![1; rank])
}

/// The order of axes that puts some first.
fn front(first: impl IntoIterator<Item = usize>, rank: usize) -> Vec<usize> {
    let mut order: Vec<usize> = first.into_iter().collect();
    let rest: Vec<usize> = (0..rank).filter(|axis| !order.contains(axis)).collect();
    order.extend(rest);
    order
}

/// The order of axes that brings the first one back to its place.
fn back(axis: usize, rank: usize) -> Vec<usize> {
    (1..=axis).chain([0]).chain(axis + 1..rank).collect()
}
