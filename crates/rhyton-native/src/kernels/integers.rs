//! Instructions on words that are i32, u32 or bool (0 or 1), and conversions between element types.

use bytemuck::{cast_slice, cast_slice_mut};
use rhyton_graph::{Binary, Compare, Unary};
use rhyton_tensor::DType;

fn map(x: &[u32], y: &mut [u32], function: impl Fn(u32) -> u32) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = function(x));
}

/// Pairs of words; one word alone stands beside all of the other operand.
fn zip([a, b]: [&[u32]; 2], y: &mut [u32], function: impl Fn(u32, u32) -> u32) {
    y.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (&a, &b))| *y = function(a, b));
}

pub(super) fn unary(function: Unary, dtype: DType, x: &[u32], y: &mut [u32]) {
    let signed = dtype == DType::I32;
    match function {
        Unary::BitwiseNot if dtype == DType::Bool => map(x, y, |x| x ^ 1),
        Unary::BitwiseNot => map(x, y, |x| !x),
        Unary::Negative => map(x, y, u32::wrapping_neg),
        Unary::Absolute if signed => map(x, y, |x| (x as i32).wrapping_abs() as u32),
        Unary::Sign if signed => map(x, y, |x| (x as i32).signum() as u32),
        Unary::Sign => map(x, y, |x| u32::from(x != 0)),
        _ => y.copy_from_slice(x),
    }
}

pub(super) fn binary(function: Binary, dtype: DType, words: [&[u32]; 2], y: &mut [u32]) {
    let signed = dtype == DType::I32;
    match function {
        Binary::Add => zip(words, y, u32::wrapping_add),
        Binary::Subtract => zip(words, y, u32::wrapping_sub),
        Binary::Multiply => zip(words, y, u32::wrapping_mul),
        Binary::Maximum if signed => zip(words, y, |a, b| (a as i32).max(b as i32) as u32),
        Binary::Minimum if signed => zip(words, y, |a, b| (a as i32).min(b as i32) as u32),
        Binary::Maximum => zip(words, y, u32::max),
        Binary::Minimum => zip(words, y, u32::min),
        Binary::BitwiseAnd => zip(words, y, |a, b| a & b),
        Binary::BitwiseOr => zip(words, y, |a, b| a | b),
        Binary::BitwiseXor => zip(words, y, |a, b| a ^ b),
        Binary::ShiftLeft => zip(words, y, |a, b| a.checked_shl(b).unwrap_or(0)),
        Binary::ShiftRight if signed => zip(words, y, |a, b| ((a as i32) >> b.min(31)) as u32),
        Binary::ShiftRight => zip(words, y, |a, b| a.checked_shr(b).unwrap_or(0)),
        Binary::FloorDivide if signed => zip(words, y, |a, b| quotient(a as i32, b as i32) as u32),
        Binary::FloorDivide => zip(words, y, |a, b| a.checked_div(b).unwrap_or(0)),
        Binary::Remainder if signed => zip(words, y, |a, b| remainder(a as i32, b as i32) as u32),
        Binary::Remainder => zip(words, y, |a, b| a.checked_rem(b).unwrap_or(0)),
        Binary::Divide | Binary::Power | Binary::Atan2 => y.copy_from_slice(words[0]),
    }
}

/// ⌊a / b⌋, 0 for b = 0.
fn quotient(a: i32, b: i32) -> i64 {
    let (a, b) = (i64::from(a), i64::from(b));
    if b == 0 {
        return 0;
    }
    a / b - i64::from(a % b != 0 && (a < 0) != (b < 0))
}

/// a − b ⌊a / b⌋, 0 for b = 0.
fn remainder(a: i32, b: i32) -> i64 {
    if b == 0 { 0 } else { i64::from(a) - i64::from(b) * quotient(a, b) }
}

pub(super) fn compare(compare: Compare, dtype: DType, words: [&[u32]; 2], y: &mut [u32]) {
    if dtype == DType::I32 {
        zip(words, y, |a, b| u32::from(compare.holds(a as i32, b as i32)));
    } else {
        zip(words, y, |a, b| u32::from(compare.holds(a, b)));
    }
}

/// From one element type to another; see [`rhyton_graph::Cast`].
pub(super) fn convert(from: DType, to: DType, x: &[u32], y: &mut [u32]) {
    let float = |word: u32| f32::from_bits(word);
    match (from, to) {
        (DType::F32, DType::I32) => map(x, y, |x| float(x) as i32 as u32),
        (DType::F32, DType::U32) => map(x, y, |x| float(x) as u32),
        (DType::F32, DType::Bool) => map(x, y, |x| u32::from(float(x) != 0.0)),
        (DType::F32, _) => y.copy_from_slice(x),
        (DType::I32, DType::F32) => {
            let (x, y): (&[i32], &mut [f32]) = (cast_slice(x), cast_slice_mut(y));
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = x as f32);
        }
        (_, DType::F32) => map(x, y, |x| (x as f32).to_bits()),
        (_, DType::Bool) => map(x, y, |x| u32::from(x != 0)),
        _ => y.copy_from_slice(x),
    }
}
