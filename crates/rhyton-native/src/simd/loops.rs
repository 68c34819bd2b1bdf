use super::functions;
use super::lanes::Lanes;

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
    Softplus,
    Erf,
}

impl VectorUnary {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 18] = [
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
    ($lanes:ty, $x:expr, $y:expr, |$v:ident| $body:expr) => {{
        let (x, y): (&[f32], &mut [f32]) = ($x, $y);
        let (places, rest) = y.split_at_mut(y.len() / <$lanes>::COUNT * <$lanes>::COUNT);
        let (x, x_rest) = x.split_at(places.len());
        let vectors = x.chunks_exact(<$lanes>::COUNT);
        for (x, y) in vectors.zip(places.chunks_exact_mut(<$lanes>::COUNT)) {
            let $v = <$lanes>::load(x);
            <$lanes>::store($body, y);
        }
        if !rest.is_empty() {
            let $v = <$lanes>::load(x_rest);
            <$lanes>::store($body, rest);
        }
    }};
}

/// As [`map`], for pairs; an operand of one element stands beside every element of the other.
macro_rules! zip {
    ($lanes:ty, $a:expr, $b:expr, $y:expr, |$v:ident, $w:ident| $body:expr) => {{
        let (a, b, y): (&[f32], &[f32], &mut [f32]) = ($a, $b, $y);
        if a.len() == 1 && y.len() > 1 {
            let $v = <$lanes>::splat(a[0]);
            map!($lanes, b, y, |$w| $body);
        } else if b.len() == 1 && y.len() > 1 {
            let $w = <$lanes>::splat(b[0]);
            map!($lanes, a, y, |$v| $body);
        } else {
            let (places, rest) = y.split_at_mut(y.len() / <$lanes>::COUNT * <$lanes>::COUNT);
            let ((a, a_rest), (b, b_rest)) = (a.split_at(places.len()), b.split_at(places.len()));
            let pairs = a.chunks_exact(<$lanes>::COUNT).zip(b.chunks_exact(<$lanes>::COUNT));
            for ((a, b), y) in pairs.zip(places.chunks_exact_mut(<$lanes>::COUNT)) {
                let ($v, $w) = (<$lanes>::load(a), <$lanes>::load(b));
                <$lanes>::store($body, y);
            }
            if !rest.is_empty() {
                let ($v, $w) = (<$lanes>::load(a_rest), <$lanes>::load(b_rest));
                <$lanes>::store($body, rest);
            }
        }
    }};
}

#[inline(always)]
pub(super) fn unary<L: Lanes>(function: VectorUnary, x: &[f32], y: &mut [f32]) {
    match function {
        VectorUnary::Negative => map!(L, x, y, |v| functions::negative::<L>(v)),
        VectorUnary::Absolute => map!(L, x, y, |v| functions::absolute::<L>(v)),
        VectorUnary::Sign => map!(L, x, y, |v| functions::sign::<L>(v)),
        VectorUnary::Floor => map!(L, x, y, |v| L::floor(v)),
        VectorUnary::Ceil => map!(L, x, y, |v| L::ceil(v)),
        VectorUnary::Round => map!(L, x, y, |v| L::round(v)),
        VectorUnary::Exp => map!(L, x, y, |v| functions::exp::<L>(v)),
        VectorUnary::Expm1 => map!(L, x, y, |v| functions::expm1::<L>(v)),
        VectorUnary::Log => map!(L, x, y, |v| functions::log::<L>(v)),
        VectorUnary::Log1p => map!(L, x, y, |v| functions::log1p::<L>(v)),
        VectorUnary::Sqrt => map!(L, x, y, |v| L::sqrt(v)),
        VectorUnary::Rsqrt => map!(L, x, y, |v| L::div(L::splat(1.0), L::sqrt(v))),
        VectorUnary::Reciprocal => map!(L, x, y, |v| L::div(L::splat(1.0), v)),
        VectorUnary::Tanh => map!(L, x, y, |v| functions::tanh::<L>(v)),
        VectorUnary::Sigmoid => map!(L, x, y, |v| functions::sigmoid::<L>(v)),
        VectorUnary::Swish => map!(L, x, y, |v| functions::swish::<L>(v)),
        VectorUnary::Softplus => map!(L, x, y, |v| functions::softplus::<L>(v)),
        VectorUnary::Erf => map!(L, x, y, |v| functions::erf::<L>(v)),
    }
}

#[inline(always)]
pub(super) fn binary<L: Lanes>(function: VectorBinary, a: &[f32], b: &[f32], y: &mut [f32]) {
    match function {
        VectorBinary::Add => zip!(L, a, b, y, |v, w| L::add(v, w)),
        VectorBinary::Subtract => zip!(L, a, b, y, |v, w| L::sub(v, w)),
        VectorBinary::Multiply => zip!(L, a, b, y, |v, w| L::mul(v, w)),
        VectorBinary::Divide => zip!(L, a, b, y, |v, w| L::div(v, w)),
        VectorBinary::Maximum => zip!(L, a, b, y, |v, w| functions::maximum::<L>(v, w)),
        VectorBinary::Minimum => zip!(L, a, b, y, |v, w| functions::minimum::<L>(v, w)),
    }
}

#[inline(always)]
pub(super) fn compare<L: Lanes>(comparison: VectorCompare, a: &[f32], b: &[f32], y: &mut [f32]) {
    let one = L::from_bits(L::splat_int(1));
    let zero = L::splat(0.0);
    match comparison {
        VectorCompare::Equal => {
            zip!(L, a, b, y, |v, w| L::select(L::equal(v, w), one, zero));
        }
        VectorCompare::NotEqual => {
            zip!(L, a, b, y, |v, w| L::select(L::equal(v, w), zero, one));
        }
        VectorCompare::Less => zip!(L, a, b, y, |v, w| L::select(L::less(v, w), one, zero)),
        VectorCompare::LessEqual => {
            zip!(L, a, b, y, |v, w| L::select(L::less_equal(v, w), one, zero));
        }
        VectorCompare::IsNan => map!(L, a, y, |v| L::select(L::is_nan(v), one, zero)),
    }
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
