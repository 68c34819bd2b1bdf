//! Arithmetic on slices of f64, and of f32 by way of f64, where a function of f32 has no form of
//! its own. The loops are plain Rust, compiled once for each instruction set.
#![allow(
    clippy::extra_unused_type_parameters,
    reason = "the lanes' type makes one copy of a loop for each instruction set"
)]

use rhyton_graph::{Binary, Compare, Unary};
use rhyton_tensor::DType;

use super::Level;

mod functions;

/// Applies an expression to each element. A macro, because a closure is compiled on its own where
/// it is not inlined, without the caller's instruction set.
macro_rules! map {
    ($x:expr, $y:expr, |$v:ident| $body:expr) => {{
        for (y, &$v) in $y.iter_mut().zip($x) {
            *y = $body;
        }
    }};
}

/// As [`map`], for pairs; an operand of one element stands beside every element of the other.
macro_rules! zip {
    ($a:expr, $b:expr, $y:expr, |$v:ident, $w:ident| $body:expr) => {{
        if $a.len() == 1 && $y.len() > 1 {
            let $v = $a[0];
            map!($b, $y, |$w| $body);
        } else if $b.len() == 1 && $y.len() > 1 {
            let $w = $b[0];
            map!($a, $y, |$v| $body);
        } else {
            for (y, (&$v, &$w)) in $y.iter_mut().zip($a.iter().zip($b)) {
                *y = $body;
            }
        }
    }};
}

/// Elements that are converted to f64 at a time.
const BLOCK: usize = 256;

impl Level {
    /// y = f(x) for each element; the slices have one length.
    pub(crate) fn wide_unary(self, function: Unary, x: &[f64], y: &mut [f64]) {
        super::by_level!(self, unary(function: Unary, x: &[f64], y: &mut [f64]));
        let by_turns: fn(f64) -> f64 = match function {
            Unary::Sin => functions::far_sin,
            Unary::Cos => functions::far_cos,
            Unary::Tan => functions::far_tan,
            _ => return,
        };
        let is_far = |x: f64| x.abs() > functions::ANGLE_MAX;
        if x.iter().fold(false, |any, &x| any | is_far(x)) {
            let far = y.iter_mut().zip(x).filter(|(_, x)| is_far(**x));
            far.for_each(|(y, &x)| *y = by_turns(x));
        }
    }

    /// y = f(a, b) for each pair of elements; an operand of one element is repeated.
    pub(crate) fn wide_binary(self, function: Binary, a: &[f64], b: &[f64], y: &mut [f64]) {
        super::by_level!(self, binary(function: Binary, a: &[f64], b: &[f64], y: &mut [f64]));
    }

    /// y = 1 where the comparison holds, else 0; an operand of one element is repeated.
    pub(crate) fn wide_compare(self, comparison: Compare, a: &[f64], b: &[f64], y: &mut [u32]) {
        super::by_level!(self, compare(comparison: Compare, a: &[f64], b: &[f64], y: &mut [u32]));
    }

    /// y = a where the condition is not 0, else b; either may be one element, repeated.
    pub(crate) fn wide_select(self, condition: &[u32], a: &[f64], b: &[f64], y: &mut [f64]) {
        super::by_level!(self, select(condition: &[u32], a: &[f64], b: &[f64], y: &mut [f64]));
    }

    /// f32 to f64.
    pub(crate) fn widen(self, x: &[f32], y: &mut [f64]) {
        super::by_level!(self, widen(x: &[f32], y: &mut [f64]));
    }

    /// f64 to the nearest f32.
    pub(crate) fn narrow(self, x: &[f64], y: &mut [f32]) {
        super::by_level!(self, narrow(x: &[f64], y: &mut [f32]));
    }

    /// Words of an element type (bool and u8 as 0, 1, …) to f64.
    pub(crate) fn words_to_wide(self, from: DType, x: &[u32], y: &mut [f64]) {
        match from {
            DType::F32 => self.widen(bytemuck::cast_slice(x), y),
            DType::I32 => map!(x, y, |x| f64::from(x as i32)),
            _ => map!(x, y, |x| f64::from(x)),
        }
    }

    /// f64 to words of an element type, as [`rhyton_graph::Cast`] converts.
    pub(crate) fn wide_to_words(self, to: DType, x: &[f64], y: &mut [u32]) {
        match to {
            DType::F32 => self.narrow(x, bytemuck::cast_slice_mut(y)),
            DType::I32 => map!(x, y, |x| x as i32 as u32),
            DType::Bool => map!(x, y, |x| u32::from(x != 0.0)),
            _ => map!(x, y, |x| x as u32),
        }
    }

    /// y = f(x) for each element, computed in f64 and rounded once.
    pub(crate) fn unary_by_wide(self, function: Unary, x: &[f32], y: &mut [f32]) {
        let (mut wide, mut result) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (x, y) in x.chunks(BLOCK).zip(y.chunks_mut(BLOCK)) {
            let (wide, result) = (&mut wide[..x.len()], &mut result[..x.len()]);
            self.widen(x, wide);
            self.wide_unary(function, wide, result);
            self.narrow(result, y);
        }
    }

    /// y = f(a, b) for each pair, computed in f64 and rounded once; an operand of one element is
    /// repeated.
    pub(crate) fn binary_by_wide(self, function: Binary, a: &[f32], b: &[f32], y: &mut [f32]) {
        let (mut wide_a, mut wide_b, mut result) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        let total = y.len();
        for (block, y) in y.chunks_mut(BLOCK).enumerate() {
            let part = |x: &[f32], wide: &mut [f64; BLOCK]| {
                let from = if x.len() == total { block * BLOCK } else { 0 };
                let count = y.len().min(x.len());
                self.widen(&x[from..from + count], &mut wide[..count]);
                count
            };
            let (a_count, b_count) = (part(a, &mut wide_a), part(b, &mut wide_b));
            let result = &mut result[..y.len()];
            self.wide_binary(function, &wide_a[..a_count], &wide_b[..b_count], result);
            self.narrow(result, y);
        }
    }
}

#[inline(always)]
fn widen<L>(x: &[f32], y: &mut [f64]) {
    map!(x, y, |v| f64::from(v));
}

#[inline(always)]
fn narrow<L>(x: &[f64], y: &mut [f32]) {
    map!(x, y, |v| v as f32);
}

#[inline(always)]
fn unary<L>(function: Unary, x: &[f64], y: &mut [f64]) {
    match function {
        Unary::Negative => map!(x, y, |v| -v),
        Unary::Absolute => map!(x, y, |v| v.abs()),
        Unary::Sign => map!(x, y, |v| functions::sign(v)),
        Unary::Floor => map!(x, y, |v| v.floor()),
        Unary::Ceil => map!(x, y, |v| v.ceil()),
        Unary::Round => map!(x, y, |v| v.round_ties_even()),
        Unary::Exp => map!(x, y, |v| functions::exp(v)),
        Unary::Expm1 => map!(x, y, |v| functions::expm1(v)),
        Unary::Log => map!(x, y, |v| functions::log(v)),
        Unary::Log1p => map!(x, y, |v| functions::log1p(v)),
        Unary::Sqrt => map!(x, y, |v| v.sqrt()),
        Unary::Rsqrt => map!(x, y, |v| 1.0 / v.sqrt()),
        Unary::Reciprocal => map!(x, y, |v| 1.0 / v),
        Unary::Sin => map!(x, y, |v| functions::sin(v)),
        Unary::Cos => map!(x, y, |v| functions::cos(v)),
        Unary::Tan => map!(x, y, |v| functions::tan(v)),
        Unary::Asin => map!(x, y, |v| functions::asin(v)),
        Unary::Acos => map!(x, y, |v| functions::acos(v)),
        Unary::Atan => map!(x, y, |v| functions::atan(v)),
        Unary::Sinh => map!(x, y, |v| functions::sinh(v)),
        Unary::Cosh => map!(x, y, |v| functions::cosh(v)),
        Unary::Asinh => map!(x, y, |v| functions::asinh(v)),
        Unary::Acosh => map!(x, y, |v| functions::acosh(v)),
        Unary::Atanh => map!(x, y, |v| functions::atanh(v)),
        Unary::Tanh => map!(x, y, |v| functions::tanh(v)),
        Unary::Sigmoid => map!(x, y, |v| functions::sigmoid(v)),
        Unary::Softplus => map!(x, y, |v| functions::softplus(v)),
        Unary::Erf => map!(x, y, |v| functions::erf(v)),
        Unary::Erfc => map!(x, y, |v| functions::erfc(v)),
        Unary::IsNan | Unary::BitwiseNot => y.copy_from_slice(x),
    }
}

#[inline(always)]
fn binary<L>(function: Binary, a: &[f64], b: &[f64], y: &mut [f64]) {
    match function {
        Binary::Add => zip!(a, b, y, |v, w| v + w),
        Binary::Subtract => zip!(a, b, y, |v, w| v - w),
        Binary::Multiply => zip!(a, b, y, |v, w| v * w),
        Binary::Divide => zip!(a, b, y, |v, w| v / w),
        Binary::Maximum => zip!(a, b, y, |v, w| functions::maximum(v, w)),
        Binary::Minimum => zip!(a, b, y, |v, w| functions::minimum(v, w)),
        Binary::Power => zip!(a, b, y, |v, w| functions::power(v, w)),
        Binary::Atan2 => zip!(a, b, y, |v, w| functions::atan2(v, w)),
        Binary::FloorDivide => zip!(a, b, y, |v, w| (v / w).floor()),
        Binary::Remainder => zip!(a, b, y, |v, w| functions::remainder(v, w)),
        Binary::BitwiseAnd
        | Binary::BitwiseOr
        | Binary::BitwiseXor
        | Binary::ShiftLeft
        | Binary::ShiftRight => y.copy_from_slice(a),
    }
}

#[inline(always)]
fn compare<L>(comparison: Compare, a: &[f64], b: &[f64], y: &mut [u32]) {
    match comparison {
        Compare::Equal => zip!(a, b, y, |v, w| u32::from(v == w)),
        Compare::NotEqual => zip!(a, b, y, |v, w| u32::from(v != w)),
        Compare::Less => zip!(a, b, y, |v, w| u32::from(v < w)),
        Compare::LessEqual => zip!(a, b, y, |v, w| u32::from(v <= w)),
        Compare::Greater => zip!(a, b, y, |v, w| u32::from(v > w)),
        Compare::GreaterEqual => zip!(a, b, y, |v, w| u32::from(v >= w)),
    }
}

#[inline(always)]
fn select<L>(condition: &[u32], a: &[f64], b: &[f64], y: &mut [f64]) {
    let pairs = y.iter_mut().zip(condition);
    match (a, b) {
        (&[first], &[second]) => {
            pairs.for_each(|(y, &c)| *y = if c != 0 { first } else { second });
        }
        (&[first], _) => {
            pairs.zip(b).for_each(|((y, &c), &b)| *y = if c != 0 { first } else { b });
        }
        (_, &[second]) => {
            pairs.zip(a).for_each(|((y, &c), &a)| *y = if c != 0 { a } else { second });
        }
        _ => {
            let sides = a.iter().zip(b);
            pairs.zip(sides).for_each(|((y, &c), (&a, &b))| *y = if c != 0 { a } else { b });
        }
    }
}

#[cfg(test)]
mod tests;
