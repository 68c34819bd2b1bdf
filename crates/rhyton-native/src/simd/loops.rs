use super::functions;
use super::lanes::{Arithmetic, Lanes};

/// Functions of one f32 that have a vector form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorUnary {
    Negative,
    Absolute,
    Sign,
    Floor,
    Ceil,
    Round,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sqrt,
    Rsqrt,
    Reciprocal,
    Tanh,
    Sigmoid,
    /// x · sigmoid(x)
    Swish,
    SwishSlope,
    Softplus,
    Erf,
}

impl VectorUnary {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 19] = [
        Self::Negative,
        Self::Absolute,
        Self::Sign,
        Self::Floor,
        Self::Ceil,
        Self::Round,
        Self::Exp,
        Self::Expm1,
        Self::Log,
        Self::Log1p,
        Self::Sqrt,
        Self::Rsqrt,
        Self::Reciprocal,
        Self::Tanh,
        Self::Sigmoid,
        Self::Swish,
        Self::SwishSlope,
        Self::Softplus,
        Self::Erf,
    ];
}

/// Functions of two f32 that have a vector form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorBinary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Maximum,
    Minimum,
}

/// Comparisons of two f32; the others are these with swapped operands or are negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorCompare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    IsNan,
}

/// Applies an expression to each vector of elements. A macro, because a function passed as a value
/// is compiled without the caller's instruction set, and every intrinsic in it becomes a call.
macro_rules! map {
    ($lanes:ident, $x:expr, $y:expr, |$v:ident| $body:expr) => {{
        let (x, y): (&[f32], &mut [f32]) = ($x, $y);
        let (places, rest) = y.split_at_mut(y.len() / $lanes::COUNT * $lanes::COUNT);
        let (x, x_rest) = x.split_at(places.len());
        let vectors = x.chunks_exact($lanes::COUNT);
        for (x, y) in vectors.zip(places.chunks_exact_mut($lanes::COUNT)) {
            let $v = $lanes::load(x);
            $lanes::store($body, y);
        }
        if !rest.is_empty() {
            let $v = $lanes::load(x_rest);
            $lanes::store($body, rest);
        }
    }};
}

/// As [`map`], for pairs; an operand of one element stands beside every element of the other.
macro_rules! zip {
    ($lanes:ident, $a:expr, $b:expr, $y:expr, |$v:ident, $w:ident| $body:expr) => {{
        let (a, b, y): (&[f32], &[f32], &mut [f32]) = ($a, $b, $y);
        if a.len() == 1 && y.len() > 1 {
            let $v = $lanes::splat(a[0]);
            map!($lanes, b, y, |$w| $body);
        } else if b.len() == 1 && y.len() > 1 {
            let $w = $lanes::splat(b[0]);
            map!($lanes, a, y, |$v| $body);
        } else {
            let (places, rest) = y.split_at_mut(y.len() / $lanes::COUNT * $lanes::COUNT);
            let ((a, a_rest), (b, b_rest)) = (a.split_at(places.len()), b.split_at(places.len()));
            let pairs = a.chunks_exact($lanes::COUNT).zip(b.chunks_exact($lanes::COUNT));
            for ((a, b), y) in pairs.zip(places.chunks_exact_mut($lanes::COUNT)) {
                let ($v, $w) = ($lanes::load(a), $lanes::load(b));
                $lanes::store($body, y);
            }
            if !rest.is_empty() {
                let ($v, $w) = ($lanes::load(a_rest), $lanes::load(b_rest));
                $lanes::store($body, rest);
            }
        }
    }};
}

/// What each function of one f32 computes, given to the macro `$use` behind the lanes. A macro as
/// [`map`]: the loops and what is recorded of them for machine code share these lines.
macro_rules! by_unary {
    ($function:expr, $l:ident, $use:ident!($($argument:expr),*)) => {
        match $function {
            VectorUnary::Negative => $use!($l, $($argument),*, |v| functions::negative::<$l>(v)),
            VectorUnary::Absolute => $use!($l, $($argument),*, |v| functions::absolute::<$l>(v)),
            VectorUnary::Sign => $use!($l, $($argument),*, |v| functions::sign::<$l>(v)),
            VectorUnary::Floor => $use!($l, $($argument),*, |v| $l::floor(v)),
            VectorUnary::Ceil => $use!($l, $($argument),*, |v| $l::ceil(v)),
            VectorUnary::Round => $use!($l, $($argument),*, |v| $l::round(v)),
            VectorUnary::Exp => $use!($l, $($argument),*, |v| functions::exp::<$l>(v)),
            VectorUnary::Expm1 => $use!($l, $($argument),*, |v| functions::expm1::<$l>(v)),
            VectorUnary::Log => $use!($l, $($argument),*, |v| functions::log::<$l>(v)),
            VectorUnary::Log1p => $use!($l, $($argument),*, |v| functions::log1p::<$l>(v)),
            VectorUnary::Sqrt => $use!($l, $($argument),*, |v| $l::sqrt(v)),
            VectorUnary::Rsqrt => {
                $use!($l, $($argument),*, |v| $l::div($l::splat(1.0), $l::sqrt(v)))
            }
            VectorUnary::Reciprocal => $use!($l, $($argument),*, |v| $l::div($l::splat(1.0), v)),
            VectorUnary::Tanh => $use!($l, $($argument),*, |v| functions::tanh::<$l>(v)),
            VectorUnary::Sigmoid => $use!($l, $($argument),*, |v| functions::sigmoid::<$l>(v)),
            VectorUnary::Swish => $use!($l, $($argument),*, |v| functions::swish::<$l>(v)),
            VectorUnary::SwishSlope => {
                $use!($l, $($argument),*, |v| functions::swish_slope::<$l>(v))
            }
            VectorUnary::Softplus => $use!($l, $($argument),*, |v| functions::softplus::<$l>(v)),
            VectorUnary::Erf => $use!($l, $($argument),*, |v| functions::erf::<$l>(v)),
        }
    };
}

/// As [`by_unary`], for pairs.
macro_rules! by_binary {
    ($function:expr, $l:ident, $use:ident!($($argument:expr),*)) => {
        match $function {
            VectorBinary::Add => $use!($l, $($argument),*, |v, w| $l::add(v, w)),
            VectorBinary::Subtract => $use!($l, $($argument),*, |v, w| $l::sub(v, w)),
            VectorBinary::Multiply => $use!($l, $($argument),*, |v, w| $l::mul(v, w)),
            VectorBinary::Divide => $use!($l, $($argument),*, |v, w| $l::div(v, w)),
            VectorBinary::Maximum => {
                $use!($l, $($argument),*, |v, w| functions::maximum::<$l>(v, w))
            }
            VectorBinary::Minimum => {
                $use!($l, $($argument),*, |v, w| functions::minimum::<$l>(v, w))
            }
        }
    };
}

/// As [`by_binary`], for comparisons: the word 1 where one holds, else the word 0.
macro_rules! by_compare {
    ($comparison:expr, $l:ident, $use:ident!($($argument:expr),*)) => {{
        let one = $l::from_bits($l::splat_int(1));
        let zero = $l::splat(0.0);
        match $comparison {
            VectorCompare::Equal => {
                $use!($l, $($argument),*, |v, w| $l::select($l::equal(v, w), one, zero))
            }
            VectorCompare::NotEqual => {
                $use!($l, $($argument),*, |v, w| $l::select($l::equal(v, w), zero, one))
            }
            VectorCompare::Less => {
                $use!($l, $($argument),*, |v, w| $l::select($l::less(v, w), one, zero))
            }
            VectorCompare::LessEqual => {
                $use!($l, $($argument),*, |v, w| $l::select($l::less_equal(v, w), one, zero))
            }
            VectorCompare::IsNan => {
                $use!($l, $($argument),*, |v, _w| $l::select($l::is_nan(v), one, zero))
            }
        }
    }};
}

#[inline(always)]
pub(super) fn unary<L: Lanes>(function: VectorUnary, x: &[f32], y: &mut [f32]) {
    by_unary!(function, L, map!(x, y));
}

#[inline(always)]
pub(super) fn binary<L: Lanes>(function: VectorBinary, a: &[f32], b: &[f32], y: &mut [f32]) {
    by_binary!(function, L, zip!(a, b, y));
}

#[inline(always)]
pub(super) fn compare<L: Lanes>(comparison: VectorCompare, a: &[f32], b: &[f32], y: &mut [f32]) {
    by_compare!(comparison, L, zip!(a, b, y));
}

/// An expression of values at hand.
macro_rules! once {
    ($lanes:ident, $a:expr, |$v:ident| $body:expr) => {{
        let $v = $a;
        $body
    }};
    ($lanes:ident, $a:expr, $b:expr, |$v:ident, $w:ident| $body:expr) => {{
        let ($v, $w) = ($a, $b);
        $body
    }};
}

/// The function of one vector.
pub(crate) fn unary_of<L: Arithmetic>(function: VectorUnary, x: L::F) -> L::F {
    by_unary!(function, L, once!(x))
}

/// The function of two vectors.
pub(crate) fn binary_of<L: Arithmetic>(function: VectorBinary, a: L::F, b: L::F) -> L::F {
    by_binary!(function, L, once!(a, b))
}

/// The word 1 where the comparison of two vectors holds, else the word 0.
pub(crate) fn compare_of<L: Arithmetic>(comparison: VectorCompare, a: L::F, b: L::F) -> L::F {
    by_compare!(comparison, L, once!(a, b))
}

#[inline(always)]
pub(super) fn select<L: Lanes>(condition: &[f32], a: &[f32], b: &[f32], y: &mut [f32]) {
    if y.len() > 1 && a.len() == 1 {
        let first = L::splat(a[0]);
        return zip!(L, condition, b, y, |v, w| L::select(L::nonzero_bits(v), first, w));
    }
    if y.len() > 1 && b.len() == 1 {
        let second = L::splat(b[0]);
        return zip!(L, condition, a, y, |v, w| L::select(L::nonzero_bits(v), w, second));
    }
    let pairs = a.chunks(L::COUNT).zip(b.chunks(L::COUNT));
    for ((condition, (a, b)), y) in
        condition.chunks(L::COUNT).zip(pairs).zip(y.chunks_mut(L::COUNT))
    {
        let mask = L::nonzero_bits(L::load(condition));
        L::store(L::select(mask, L::load(a), L::load(b)), y);
    }
}

/// How many partial sums there are, whatever the vector width.
pub(crate) const PARTIALS: usize = 16;

/// Element i goes to partial sum i mod 16; the partial sums combine as a binary tree.
#[inline(always)]
pub(super) fn sum<L: Lanes>(x: &[f32]) -> f32 {
    let mut partials = [0.0_f32; PARTIALS];
    let whole = x.len() / PARTIALS * PARTIALS;
    for start in (0..PARTIALS).step_by(L::COUNT) {
        let mut total = L::splat(0.0);
        for row in x[..whole].chunks_exact(PARTIALS) {
            total = L::add(total, L::load(&row[start..]));
        }
        L::store(total, &mut partials[start..]);
    }
    for (partial, &value) in partials.iter_mut().zip(&x[whole..]) {
        *partial += value;
    }
    let mut width = PARTIALS / 2;
    while width > 0 {
        for place in 0..width {
            partials[place] += partials[place + width];
        }
        width /= 2;
    }
    partials[0]
}
