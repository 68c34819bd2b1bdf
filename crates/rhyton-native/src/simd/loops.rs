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
    Softplus,
    Erf,
}

impl VectorUnary {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 17] = [
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

#[inline(always)]
fn map<L: Lanes>(x: &[f32], y: &mut [f32], function: impl Fn(L::F) -> L::F) {
    let (places, rest) = y.split_at_mut(y.len() / L::COUNT * L::COUNT);
    let (x, x_rest) = x.split_at(places.len());
    for (x, y) in x.chunks_exact(L::COUNT).zip(places.chunks_exact_mut(L::COUNT)) {
        L::store(function(L::load(x)), y);
    }
    if !rest.is_empty() {
        L::store(function(L::load(x_rest)), rest);
    }
}

/// Pairs of elements; an operand of one element stands beside every element of the other.
#[inline(always)]
fn zip<L: Lanes>(a: &[f32], b: &[f32], y: &mut [f32], function: impl Fn(L::F, L::F) -> L::F) {
    if a.len() == 1 && y.len() > 1 {
        let a = L::splat(a[0]);
        return map::<L>(b, y, |b| function(a, b));
    }
    if b.len() == 1 && y.len() > 1 {
        let b = L::splat(b[0]);
        return map::<L>(a, y, |a| function(a, b));
    }
    let (places, rest) = y.split_at_mut(y.len() / L::COUNT * L::COUNT);
    let ((a, a_rest), (b, b_rest)) = (a.split_at(places.len()), b.split_at(places.len()));
    let pairs = a.chunks_exact(L::COUNT).zip(b.chunks_exact(L::COUNT));
    for ((a, b), y) in pairs.zip(places.chunks_exact_mut(L::COUNT)) {
        L::store(function(L::load(a), L::load(b)), y);
    }
    if !rest.is_empty() {
        L::store(function(L::load(a_rest), L::load(b_rest)), rest);
    }
}

#[inline(always)]
pub(super) fn unary<L: Lanes>(function: VectorUnary, x: &[f32], y: &mut [f32]) {
    match function {
        VectorUnary::Negative => map::<L>(x, y, functions::negative::<L>),
        VectorUnary::Absolute => map::<L>(x, y, functions::absolute::<L>),
        VectorUnary::Sign => map::<L>(x, y, functions::sign::<L>),
        VectorUnary::Floor => map::<L>(x, y, L::floor),
        VectorUnary::Ceil => map::<L>(x, y, L::ceil),
        VectorUnary::Round => map::<L>(x, y, L::round),
        VectorUnary::Exp => map::<L>(x, y, functions::exp::<L>),
        VectorUnary::Expm1 => map::<L>(x, y, functions::expm1::<L>),
        VectorUnary::Log => map::<L>(x, y, functions::log::<L>),
        VectorUnary::Log1p => map::<L>(x, y, functions::log1p::<L>),
        VectorUnary::Sqrt => map::<L>(x, y, L::sqrt),
        VectorUnary::Rsqrt => map::<L>(x, y, |x| L::div(L::splat(1.0), L::sqrt(x))),
        VectorUnary::Reciprocal => map::<L>(x, y, |x| L::div(L::splat(1.0), x)),
        VectorUnary::Tanh => map::<L>(x, y, functions::tanh::<L>),
        VectorUnary::Sigmoid => map::<L>(x, y, functions::sigmoid::<L>),
        VectorUnary::Softplus => map::<L>(x, y, functions::softplus::<L>),
        VectorUnary::Erf => map::<L>(x, y, functions::erf::<L>),
    }
}

#[inline(always)]
pub(super) fn binary<L: Lanes>(function: VectorBinary, a: &[f32], b: &[f32], y: &mut [f32]) {
    match function {
        VectorBinary::Add => zip::<L>(a, b, y, L::add),
        VectorBinary::Subtract => zip::<L>(a, b, y, L::sub),
        VectorBinary::Multiply => zip::<L>(a, b, y, L::mul),
        VectorBinary::Divide => zip::<L>(a, b, y, L::div),
        VectorBinary::Maximum => zip::<L>(a, b, y, functions::maximum::<L>),
        VectorBinary::Minimum => zip::<L>(a, b, y, functions::minimum::<L>),
    }
}

#[inline(always)]
pub(super) fn compare<L: Lanes>(comparison: VectorCompare, a: &[f32], b: &[f32], y: &mut [f32]) {
    let one = L::from_bits(L::splat_int(1));
    let zero = L::splat(0.0);
    let word = |mask: L::M| L::select(mask, one, zero);
    match comparison {
        VectorCompare::Equal => zip::<L>(a, b, y, |a, b| word(L::equal(a, b))),
        VectorCompare::NotEqual => {
            zip::<L>(a, b, y, |a, b| L::select(L::equal(a, b), zero, one));
        }
        VectorCompare::Less => zip::<L>(a, b, y, |a, b| word(L::less(a, b))),
        VectorCompare::LessEqual => zip::<L>(a, b, y, |a, b| word(L::less_equal(a, b))),
        VectorCompare::IsNan => map::<L>(a, y, |a| word(L::is_nan(a))),
    }
}

#[inline(always)]
pub(super) fn select<L: Lanes>(condition: &[f32], a: &[f32], b: &[f32], y: &mut [f32]) {
    if y.len() > 1 && a.len() == 1 {
        let first = L::splat(a[0]);
        return zip::<L>(condition, b, y, |condition, b| {
            L::select(L::nonzero_bits(condition), first, b)
        });
    }
    if y.len() > 1 && b.len() == 1 {
        let second = L::splat(b[0]);
        return zip::<L>(condition, a, y, |condition, a| {
            L::select(L::nonzero_bits(condition), a, second)
        });
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
const PARTIALS: usize = 16;

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
