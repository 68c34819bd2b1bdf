use std::ffi::CStr;

use rhyton_graph::{Binary, Compare, Node, Select, Unary};
use rhyton_tensor::DType;

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

impl Lower for Unary {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let (x, dtype) = (to.operand(node, 0)?, to.spec(node, 0).dtype);
        let result = match kind(*self, dtype) {
            Some(kind) => to.emit(kind, &[x])?,
            None => composed(*self, x, dtype, to)?,
        };
        Ok(result.into())
    }
}

/// TensorFlow's operation that is the function itself.
fn kind(function: Unary, dtype: DType) -> Option<&'static CStr> {
    let signed = dtype.is_signed();
    let float = dtype.is_float();
    let kind = match function {
        Unary::Negative => return signed.then_some(c"Neg"),
        Unary::Absolute => return signed.then_some(c"Abs"),
        Unary::Sign => return signed.then_some(c"Sign"),
        Unary::Floor => return float.then_some(c"Floor"),
        Unary::Ceil => return float.then_some(c"Ceil"),
        Unary::Round => return float.then_some(c"Round"),
        Unary::IsNan => return float.then_some(c"IsNan"),
        Unary::BitwiseNot if dtype == DType::Bool => c"LogicalNot",
        Unary::BitwiseNot => c"Invert",
        Unary::Exp => c"Exp",
        Unary::Expm1 => c"Expm1",
        Unary::Log => c"Log",
        Unary::Log1p => c"Log1p",
        Unary::Sqrt => c"Sqrt",
        Unary::Rsqrt => c"Rsqrt",
        Unary::Reciprocal => c"Reciprocal",
        Unary::Sin => c"Sin",
        Unary::Cos => c"Cos",
        Unary::Tan => c"Tan",
        Unary::Asin => c"Asin",
        Unary::Acos => c"Acos",
        Unary::Atan => c"Atan",
        Unary::Sinh => c"Sinh",
        Unary::Cosh => c"Cosh",
        Unary::Asinh => c"Asinh",
        Unary::Acosh => c"Acosh",
        Unary::Atanh => c"Atanh",
        Unary::Tanh => c"Tanh",
        Unary::Sigmoid => c"Sigmoid",
        Unary::Softplus => c"Softplus",
        Unary::Erf => return (dtype != DType::F64).then_some(c"Erf"),
        Unary::Erfc => c"Erfc",
    };
    Some(kind)
}

/// Functions of integers for which TensorFlow has no kernel, and a kernel to be helped.
fn composed(function: Unary, x: Output, dtype: DType, to: &mut Lowering<'_>) -> Result<Output> {
    match function {
        Unary::Negative => {
            let zero = to.scalar(dtype, 0.0)?;
            to.emit(c"Sub", &[zero, x])
        }
        Unary::Sign => {
            let one = to.scalar(dtype, 1.0)?;
            to.emit(c"Minimum", &[x, one])
        }
        Unary::IsNan => to.emit(c"NotEqual", &[x, x]),
        Unary::Erf => {
            // Its vector code for doubles gives NaN at ±∞ (2.21); from ±6 on erf rounds to ±1.
            let (low, high) = (to.scalar(dtype, -6.0)?, to.scalar(dtype, 6.0)?);
            let x = to.emit(c"Maximum", &[x, low])?;
            let x = to.emit(c"Minimum", &[x, high])?;
            to.emit(c"Erf", &[x])
        }
        _ => Ok(x),
    }
}

impl Lower for Binary {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let operands = to.stretching_operands(node)?;
        let dtype = node.spec.dtype;
        let (whole, bool) = (dtype.is_integer(), dtype == DType::Bool);
        let kind = match self {
            Self::FloorDivide if whole => return quotient(&operands, dtype, to),
            Self::Remainder if whole => {
                let divisor = divisor(operands[1], dtype, to)?;
                return Ok(to.emit(c"FloorMod", &[operands[0], divisor])?.into());
            }
            Self::ShiftLeft | Self::ShiftRight => return shift(*self, &operands, dtype, to),
            Self::Add => c"AddV2",
            Self::Subtract => c"Sub",
            Self::Multiply => c"Mul",
            Self::Divide => c"RealDiv",
            Self::Power => c"Pow",
            Self::Maximum => c"Maximum",
            Self::Minimum => c"Minimum",
            Self::Remainder => c"FloorMod",
            Self::FloorDivide => c"FloorDiv",
            Self::Atan2 => c"Atan2",
            Self::BitwiseAnd if bool => c"LogicalAnd",
            Self::BitwiseOr if bool => c"LogicalOr",
            Self::BitwiseXor if bool => c"NotEqual",
            Self::BitwiseAnd => c"BitwiseAnd",
            Self::BitwiseOr => c"BitwiseOr",
            Self::BitwiseXor => c"BitwiseXor",
        };
        Ok(to.emit(kind, &operands)?.into())
    }
}

/// The divisor with 1 in place of 0, at which TensorFlow stops, and of −1, at which the smallest
/// integer's quotient overflows and the processor traps. Remainders are 0 at all three.
fn divisor(b: Output, dtype: DType, to: &mut Lowering<'_>) -> Result<Output> {
    let (one, zero) = (to.scalar(dtype, 1.0)?, to.scalar(dtype, 0.0)?);
    let mut bad = to.emit(c"Equal", &[b, zero])?;
    if dtype.is_signed() {
        let minus_one = to.scalar(dtype, -1.0)?;
        let minus = to.emit(c"Equal", &[b, minus_one])?;
        bad = to.emit(c"LogicalOr", &[bad, minus])?;
    }
    to.emit(c"SelectV2", &[bad, one, b])
}

/// ⌊a / b⌋ of integers, 0 for b of 0.
fn quotient(operands: &[Output], dtype: DType, to: &mut Lowering<'_>) -> Result<Value> {
    let (a, b) = (operands[0], operands[1]);
    let divisor = divisor(b, dtype, to)?;
    let mut quotient = to.emit(c"FloorDiv", &[a, divisor])?;
    let zero = to.scalar(dtype, 0.0)?;
    if dtype.is_signed() {
        let minus_one = to.scalar(dtype, -1.0)?;
        let minus = to.emit(c"Equal", &[b, minus_one])?;
        let negated = to.emit(c"Sub", &[zero, a])?;
        quotient = to.emit(c"SelectV2", &[minus, negated, quotient])?;
    }
    let nothing = to.emit(c"Equal", &[b, zero])?;
    Ok(to.emit(c"SelectV2", &[nothing, zero, quotient])?.into())
}

/// TensorFlow brings the count into [0, width); beyond that, ours shifts everything out.
fn shift(
    direction: Binary,
    operands: &[Output],
    dtype: DType,
    to: &mut Lowering<'_>,
) -> Result<Value> {
    let (a, count) = (operands[0], operands[1]);
    let (zero, last) =
        (to.scalar(dtype, 0.0)?, to.scalar(dtype, (dtype.size_bytes() * 8 - 1) as f64)?);
    let mut outside = to.emit(c"Greater", &[count, last])?;
    if dtype.is_signed() {
        let negative = to.emit(c"Less", &[count, zero])?;
        outside = to.emit(c"LogicalOr", &[outside, negative])?;
    }
    if direction == Binary::ShiftRight && dtype.is_signed() {
        let count = to.emit(c"SelectV2", &[outside, last, count])?;
        return Ok(to.emit(c"RightShift", &[a, count])?.into());
    }
    let kind = if direction == Binary::ShiftLeft { c"LeftShift" } else { c"RightShift" };
    let shifted = to.emit(kind, &[a, count])?;
    Ok(to.emit(c"SelectV2", &[outside, zero, shifted])?.into())
}

impl Lower for Compare {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let mut operands = to.stretching_operands(node)?;
        let ordered = !matches!(self, Self::Equal | Self::NotEqual);
        if ordered && to.spec(node, 0).dtype == DType::Bool {
            for operand in &mut operands {
                *operand = to.convert(*operand, DType::U8)?;
            }
        }
        let kind = match self {
            Self::Equal => c"Equal",
            Self::NotEqual => c"NotEqual",
            Self::Less => c"Less",
            Self::LessEqual => c"LessEqual",
            Self::Greater => c"Greater",
            Self::GreaterEqual => c"GreaterEqual",
        };
        Ok(to.emit(kind, &operands)?.into())
    }
}

impl Lower for Select {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let operands = to.stretching_operands(node)?;
        Ok(to.emit(c"SelectV2", &operands)?.into())
    }
}
