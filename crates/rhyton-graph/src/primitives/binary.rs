use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_equal_dtypes, expect_equal_shapes, expect_operands, strided};
use crate::{
    Attributes, Error, Result, Spec, Tensor, cast, equal, floor_divide, greater_equal, less, log,
    power, select, zeros_like,
};

/// Functions of two values of equal shape and element type, applied to each pair of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// a + b; integers wrap
    Add,
    /// a − b; integers wrap
    Subtract,
    /// a · b; integers wrap
    Multiply,
    /// a / b, floats only
    Divide,
    /// aᵇ
    Power,
    /// The larger; NaN if either is NaN. At a tie the gradient goes to the first operand.
    Maximum,
    /// The smaller; NaN if either is NaN. At a tie the gradient goes to the first operand.
    Minimum,
    /// a − b · ⌊a / b⌋: the remainder with the sign of b; 0 for an integer b of 0
    Remainder,
    /// ⌊a / b⌋; 0 for an integer b of 0
    FloorDivide,
    /// The angle of the point (b, a)
    Atan2,
    /// Bits set in both; for bool, and
    BitwiseAnd,
    /// Bits set in either; for bool, or
    BitwiseOr,
    /// Bits set in exactly one; for bool, exclusive or
    BitwiseXor,
    /// a shifted left by b bits; 0 when b is the width or more
    ShiftLeft,
    /// a shifted right by b bits: signed a keeps its sign, unsigned a fills with 0
    ShiftRight,
}

impl Binary {
    /// Every function, in the order of the enum.
    pub const ALL: [Self; 15] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Power,
        Self::Maximum,
        Self::Minimum,
        Self::Remainder,
        Self::FloorDivide,
        Self::Atan2,
        Self::BitwiseAnd,
        Self::BitwiseOr,
        Self::BitwiseXor,
        Self::ShiftLeft,
        Self::ShiftRight,
    ];

    /// The function on doubles; `None` for those that work on bits.
    pub fn float(self) -> Option<fn(f64, f64) -> f64> {
        self.row().float
    }

    fn row(self) -> Row {
        match self {
            Self::Add => row("add", Some(|a, b| a + b), Some(|a, b, _| a + b), |g| {
                [Some(g.cotangent.clone()), Some(g.cotangent.clone())]
            }),
            Self::Subtract => row("subtract", Some(|a, b| a - b), Some(|a, b, _| a - b), |g| {
                [Some(g.cotangent.clone()), Some(-g.cotangent)]
            }),
            Self::Multiply => row("multiply", Some(|a, b| a * b), Some(wrapping_product), |g| {
                [Some(g.cotangent * g.b()), Some(g.cotangent * g.a())]
            }),
            Self::Divide => row("divide", Some(|a, b| a / b), None, divide_gradient),
            Self::Power => row("power", Some(f64::powf), None, power_gradient),
            Self::Maximum => row("maximum", Some(maximum), Some(|a, b, _| a.max(b)), |g| {
                extremum_gradient(g, &greater_equal(g.a(), g.b()))
            }),
            Self::Minimum => row("minimum", Some(minimum), Some(|a, b, _| a.min(b)), |g| {
                extremum_gradient(g, &greater_equal(g.b(), g.a()))
            }),
            Self::Remainder => row("remainder", Some(remainder), Some(whole_remainder), |g| {
                let quotient = floor_divide(g.a(), g.b());
                [Some(g.cotangent.clone()), Some(-(g.cotangent * quotient))]
            }),
            Self::FloorDivide => {
                row("floor_divide", Some(|a, b| (a / b).floor()), Some(whole_quotient), no_gradient)
            }
            Self::Atan2 => row("atan2", Some(f64::atan2), None, atan2_gradient),
            Self::BitwiseAnd => row("bitwise_and", None, Some(|a, b, _| a & b), no_gradient),
            Self::BitwiseOr => row("bitwise_or", None, Some(|a, b, _| a | b), no_gradient),
            Self::BitwiseXor => row("bitwise_xor", None, Some(|a, b, _| a ^ b), no_gradient),
            Self::ShiftLeft => row("shift_left", None, Some(shift_left), no_gradient),
            Self::ShiftRight => row("shift_right", None, Some(shift_right), no_gradient),
        }
    }

    fn works_on_bits(self) -> bool {
        matches!(
            self,
            Self::BitwiseAnd
                | Self::BitwiseOr
                | Self::BitwiseXor
                | Self::ShiftLeft
                | Self::ShiftRight
        )
    }
}

type Pair = [Option<Tensor>; 2];
type Whole = fn(i128, i128, u32) -> i128;

/// All that is known of one function; `whole` gets the width in bits as its third argument.
struct Row {
    name: &'static str,
    float: Option<fn(f64, f64) -> f64>,
    whole: Option<Whole>,
    gradient: fn(&Gradient<'_>) -> Pair,
}

fn row(
    name: &'static str,
    float: Option<fn(f64, f64) -> f64>,
    whole: Option<Whole>,
    gradient: fn(&Gradient<'_>) -> Pair,
) -> Row {
    Row { name, float, whole, gradient }
}

impl Gradient<'_> {
    fn a(&self) -> &Tensor {
        &self.operands[0]
    }

    fn b(&self) -> &Tensor {
        &self.operands[1]
    }
}

fn no_gradient(_: &Gradient<'_>) -> Pair {
    [None, None]
}

fn divide_gradient(g: &Gradient<'_>) -> Pair {
    let da = g.cotangent / g.b();
    // By y / b, not by 1 / b, which may overflow alone.
    let db = g.needed[1].then(|| -(g.cotangent * g.result / g.b()));
    [Some(da), db]
}

/// A slope that is computed in f64 and rounded once, because its parts may overflow, or lose digits,
/// where it does not.
fn in_wide(g: &Gradient<'_>, slope: impl FnOnce(&Tensor, &Tensor) -> Tensor) -> Tensor {
    let [a, b] = [g.a(), g.b()].map(|operand| cast(operand, DType::F64));
    g.cotangent * cast(&slope(&a, &b), g.a().dtype())
}

/// d(aᵇ) = b·aᵇ⁻¹ da + aᵇ ln a db, with 0 where b is 0 and where a is not positive.
fn power_gradient(g: &Gradient<'_>) -> Pair {
    let by_base =
        |a: &Tensor, b: &Tensor| select(equal(b, 0.0), zeros_like(b), b * power(a, b - 1.0));
    let by_exponent = |a: &Tensor, b: &Tensor| {
        let positive = less(a.scalar_like(0.0), a);
        let safe = select(&positive, a, a.scalar_like(1.0));
        select(&positive, power(a, b) * log(safe), zeros_like(a))
    };
    [g.needed[0].then(|| in_wide(g, by_base)), g.needed[1].then(|| in_wide(g, by_exponent))]
}

/// The cotangent where an operand wins, nothing elsewhere.
fn extremum_gradient(g: &Gradient<'_>, a_wins: &Tensor) -> Pair {
    let zero = zeros_like(g.cotangent);
    let da = select(a_wins, g.cotangent, &zero);
    let db = select(a_wins, &zero, g.cotangent);
    [Some(da), Some(db)]
}

fn atan2_gradient(g: &Gradient<'_>) -> Pair {
    let over_square = |part: &Tensor, a: &Tensor, b: &Tensor| part / (a * a + b * b);
    [Some(in_wide(g, |a, b| over_square(b, a, b))), Some(in_wide(g, |a, b| -over_square(a, a, b)))]
}

fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
}

fn wrapping_product(a: i128, b: i128, _: u32) -> i128 {
    a.wrapping_mul(b)
}

fn whole_quotient(a: i128, b: i128, _: u32) -> i128 {
    if b == 0 { 0 } else { a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0) }
}

fn whole_remainder(a: i128, b: i128, width: u32) -> i128 {
    if b == 0 { 0 } else { a - b * whole_quotient(a, b, width) }
}

fn shift_left(a: i128, b: i128, width: u32) -> i128 {
    if (0..i128::from(width)).contains(&b) { a << b } else { 0 }
}

fn shift_right(a: i128, b: i128, width: u32) -> i128 {
    a >> if (0..i128::from(width)).contains(&b) { b } else { i128::from(width) }
}

impl Rule for Binary {
    fn name(&self) -> &'static str {
        self.row().name
    }

    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(Self::name).collect()
    }

    fn parse(name: &str, _: &mut Attributes) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| Error::argument(name, "name", "a known primitive", "another"))
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        let row = self.row();
        expect_operands(row.name, operands, 2)?;
        expect_equal_dtypes(row.name, operands)?;
        expect_equal_shapes(row.name, operands)?;
        let dtype = operands[0].dtype;
        let logical = matches!(self, Self::BitwiseAnd | Self::BitwiseOr | Self::BitwiseXor);
        let fits = match dtype {
            DType::Bool => logical,
            _ if dtype.is_float() => row.float.is_some(),
            _ => row.whole.is_some(),
        };
        if fits {
            return Ok(operands[0].clone());
        }
        let kind = if self.works_on_bits() { "an integer" } else { "a number it is defined for" };
        Err(Error::dtype(row.name, "operands", kind, dtype))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok((self.row().gradient)(gradient).into())
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (a, b, row) = (operands[0], operands[1], self.row());
        if a.dtype().is_float() {
            let function = row.float.expect("inferred: floats have a function");
            return Ok(strided::zip_float(a, b, function));
        }
        let function = row.whole.expect("inferred: integers have a function");
        let width = a.dtype().size_bytes() as u32 * 8;
        Ok(strided::zip_whole(a, b, |a, b| function(a, b, width)))
    }
}
