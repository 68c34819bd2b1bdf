use rhyton_graph::{Cast, Node};
use rhyton_tensor::{Array, DType};

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

impl Lower for Cast {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let (x, from) = (to.operand(node, 0)?, to.spec(node, 0).dtype);
        let result = match from {
            _ if from == self.dtype => x,
            _ if from.is_float() && self.dtype.is_integer() => saturated(x, from, self.dtype, to)?,
            _ => to.convert(x, self.dtype)?,
        };
        Ok(result.into())
    }
}

/// Float to integer: C leaves NaN and what does not fit undefined; ours saturates, NaN becomes 0.
fn saturated(x: Output, from: DType, dtype: DType, to: &mut Lowering<'_>) -> Result<Output> {
    // The limits do not fit the half precisions.
    let wide = if from == DType::F64 { DType::F64 } else { DType::F32 };
    let x = if from == wide { x } else { to.convert(x, wide)? };
    let bits = dtype.size_bytes() as i32 * 8;
    let (lowest, above) = if dtype.is_signed() {
        (-f64::exp2(f64::from(bits - 1)), f64::exp2(f64::from(bits - 1)))
    } else {
        (0.0, f64::exp2(f64::from(bits)))
    };
    let smallest = extreme(dtype, 0x00, if dtype.is_signed() { 0x80 } else { 0x00 });
    let largest = extreme(dtype, 0xFF, if dtype.is_signed() { 0x7F } else { 0xFF });
    let (smallest, largest) = (to.constant(&smallest)?, to.constant(&largest)?);
    let (lowest, above) = (to.scalar(wide, lowest)?, to.scalar(wide, above)?);
    let zero = to.scalar(dtype, 0.0)?;
    let inside = to.convert(x, dtype)?;
    let nan = to.emit(c"IsNan", &[x])?;
    let small = to.emit(c"SelectV2", &[nan, zero, smallest])?;
    let fits_below = to.emit(c"GreaterEqual", &[x, lowest])?;
    let result = to.emit(c"SelectV2", &[fits_below, inside, small])?;
    let too_large = to.emit(c"GreaterEqual", &[x, above])?;
    to.emit(c"SelectV2", &[too_large, largest, result])
}

/// The integer with this top byte and all others equal, a scalar.
pub(super) fn extreme(dtype: DType, others: u8, top: u8) -> Array {
    let mut bytes = vec![others; dtype.size_bytes()];
    if let Some(last) = bytes.last_mut() {
        *last = top;
    }
    Array::from_bytes(dtype, &[], &bytes).expect("one element's bytes")
}
