use rhyton_graph::{Argsort, Node, Sort};
use rhyton_tensor::{Array, DType};

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

impl Lower for Sort {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let last = to.spec(node, 0).shape.rank() - 1;
        let x = to.operand(node, 0)?;
        let lines = to.transpose(x, &swapped(self.axis, last))?;
        let order = order(node, (self.axis, self.descending), to)?;
        let axis = to.scalar(DType::I32, last as f64)?;
        let begun = to.operation(c"GatherV2").input(lines).input(order).input(axis);
        let sorted = begun.integer(c"batch_dims", last as i64).finish()?.output();
        Ok(to.transpose(sorted, &swapped(self.axis, last))?.into())
    }
}

impl Lower for Argsort {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let last = to.spec(node, 0).shape.rank() - 1;
        let order = order(node, (self.axis, self.descending), to)?;
        Ok(to.transpose(order, &swapped(self.axis, last))?.into())
    }
}

/// The order of axes that exchanges one with the last.
fn swapped(axis: usize, last: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..=last).collect();
    order.swap(axis, last);
    order
}

/// Where the sorted elements come from, the sorted axis last. `TopKV2` gives the largest first,
/// of equal ones the first; keys are whole numbers in the order of the elements, since it leaves
/// open where NaN goes.
fn order(node: &Node, (axis, descending): (usize, bool), to: &mut Lowering<'_>) -> Result<Output> {
    let spec = to.spec(node, 0);
    let last = spec.shape.rank() - 1;
    let x = to.operand(node, 0)?;
    let x = to.transpose(x, &swapped(axis, last))?;
    let mut keys = keys(x, spec.dtype, to)?;
    if !descending {
        keys = to.emit(c"Invert", &[keys])?;
    }
    let length = to.size(spec.shape[axis])?;
    Ok(to.operation(c"TopKV2").input(keys).input(length).finish()?.result(1))
}

/// Signed whole numbers in the same order.
fn keys(x: Output, dtype: DType, to: &mut Lowering<'_>) -> Result<Output> {
    match dtype {
        DType::F64 => float_keys(x, DType::F64, DType::I64, to),
        _ if dtype.is_float() => {
            let x = if dtype == DType::F32 { x } else { to.convert(x, DType::F32)? };
            float_keys(x, DType::F32, DType::I32, to)
        }
        DType::I64 | DType::I32 => Ok(x),
        // The sign bit of the top half of the range.
        DType::U64 => {
            let signed = to.operation(c"Bitcast").input(x).dtype(c"type", DType::I64);
            let signed = signed.finish()?.output();
            let top = to.constant(&Array::scalar(i64::MIN))?;
            to.emit(c"BitwiseXor", &[signed, top])
        }
        DType::U32 => to.convert(x, DType::I64),
        _ => to.convert(x, DType::I32),
    }
}

/// The bits of floats as whole numbers, which rise with positive ones and fall with negative ones:
/// those have all bits but the sign inverted. One zero, and one NaN above all.
fn float_keys(x: Output, dtype: DType, whole: DType, to: &mut Lowering<'_>) -> Result<Output> {
    let zero = to.scalar(dtype, 0.0)?;
    let nan = to.emit(c"IsNan", &[x])?;
    let is_zero = to.emit(c"Equal", &[x, zero])?;
    let x = to.emit(c"SelectV2", &[is_zero, zero, x])?;
    let bits = to.operation(c"Bitcast").input(x).dtype(c"type", whole).finish()?.output();
    let (places, largest) = if whole == DType::I64 {
        (Array::scalar(63_i64), Array::scalar(i64::MAX))
    } else {
        (Array::scalar(31_i32), Array::scalar(i32::MAX))
    };
    let (places, largest) = (to.constant(&places)?, to.constant(&largest)?);
    let signs = to.emit(c"RightShift", &[bits, places])?;
    let inverted = to.emit(c"BitwiseAnd", &[signs, largest])?;
    let keys = to.emit(c"BitwiseXor", &[bits, inverted])?;
    to.emit(c"SelectV2", &[nan, largest, keys])
}
