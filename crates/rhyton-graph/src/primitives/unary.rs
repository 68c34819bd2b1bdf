use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_operands, strided};
use crate::{
    Attributes, Error, Result, Spec, Tensor, absolute, clip, cos, cosh, exp, round, rsqrt, sigmoid,
    sign, sin, sinh, square,
};

/// Functions of one value, applied to each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unary {
    /// −x
    Negative,
    /// |x|; derivative sign(x)
    Absolute,
    /// −1, 0 or 1 with the sign of x; NaN stays NaN
    Sign,
    /// The largest whole number ≤ x
    Floor,
    /// The smallest whole number ≥ x
    Ceil,
    /// The nearest whole number, ties to even
    Round,
    /// eˣ
    Exp,
    /// eˣ − 1, exact near 0
    Expm1,
    /// ln x
    Log,
    /// ln(1 + x), exact near 0
    Log1p,
    /// √x
    Sqrt,
    /// 1/√x
    Rsqrt,
    /// 1/x
    Reciprocal,
    /// sin x
    Sin,
    /// cos x
    Cos,
    /// tan x
    Tan,
    /// arcsin x
    Asin,
    /// arccos x
    Acos,
    /// arctan x
    Atan,
    /// sinh x
    Sinh,
    /// cosh x
    Cosh,
    /// arsinh x
    Asinh,
    /// arcosh x
    Acosh,
    /// artanh x
    Atanh,
    /// tanh x
    Tanh,
    /// 1/(1 + e⁻ˣ), without overflow
    Sigmoid,
    /// ln(1 + eˣ), without overflow
    Softplus,
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt
    Erf,
    /// 1 − erf x, exact in the tail
    Erfc,
    /// Whether x is NaN; the result is bool
    IsNan,
    /// Each bit inverted; for bool, not
    BitwiseNot,
}

impl Unary {
    /// Every function, in the order of the enum.
    pub const ALL: [Self; 31] = [
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
        Self::Sin,
        Self::Cos,
        Self::Tan,
        Self::Asin,
        Self::Acos,
        Self::Atan,
        Self::Sinh,
        Self::Cosh,
        Self::Asinh,
        Self::Acosh,
        Self::Atanh,
        Self::Tanh,
        Self::Sigmoid,
        Self::Softplus,
        Self::Erf,
        Self::Erfc,
        Self::IsNan,
        Self::BitwiseNot,
    ];

    /// The function on a double; `None` for those that work on bits.
    pub fn float(self) -> Option<fn(f64) -> f64> {
        self.row().float
    }

    fn row(self) -> Row {
        match self {
            Self::Negative => Row::new("negative", |x| -x, |g| -g.cotangent).whole(|x| -x),
            Self::Absolute => {
                Row::new("absolute", f64::abs, |g| g.cotangent * sign(g.x())).whole(i128::abs)
            }
            Self::Sign => Row::flat("sign", signum).whole(i128::signum),
            Self::Floor => Row::flat("floor", f64::floor).whole(|x| x),
            Self::Ceil => Row::flat("ceil", f64::ceil).whole(|x| x),
            Self::Round => Row::flat("round", f64::round_ties_even).whole(|x| x),
            Self::Exp => Row::new("exp", f64::exp, |g| g.cotangent * g.result),
            Self::Expm1 => Row::new("expm1", f64::exp_m1, |g| g.cotangent * exp(g.x())),
            Self::Log => Row::new("log", f64::ln, |g| g.cotangent / g.x()),
            Self::Log1p => Row::new("log1p", f64::ln_1p, |g| g.cotangent / (g.x() + 1.0)),
            Self::Sqrt => Row::new("sqrt", f64::sqrt, |g| g.cotangent * 0.5 / g.result),
            Self::Rsqrt => {
                Row::new("rsqrt", |x| 1.0 / x.sqrt(), |g| g.cotangent * -0.5 * g.result / g.x())
            }
            Self::Reciprocal => {
                Row::new("reciprocal", f64::recip, |g| -(g.cotangent * square(g.result)))
            }
            Self::Sin => Row::new("sin", f64::sin, |g| g.cotangent * cos(g.x())),
            Self::Cos => Row::new("cos", f64::cos, |g| -(g.cotangent * sin(g.x()))),
            Self::Tan => Row::new("tan", f64::tan, |g| g.cotangent * (square(g.result) + 1.0)),
            Self::Asin => Row::new("asin", f64::asin, |g| g.cotangent * rsqrt(between_ones(g.x()))),
            Self::Acos => {
                Row::new("acos", f64::acos, |g| -(g.cotangent * rsqrt(between_ones(g.x()))))
            }
            Self::Atan => Row::new("atan", f64::atan, |g| g.cotangent / (square(g.x()) + 1.0)),
            Self::Sinh => Row::new("sinh", f64::sinh, |g| g.cotangent * cosh(g.x())),
            Self::Cosh => Row::new("cosh", f64::cosh, |g| g.cotangent * sinh(g.x())),
            Self::Asinh => {
                Row::new("asinh", f64::asinh, |g| g.cotangent * rsqrt(square(g.x()) + 1.0))
            }
            Self::Acosh => Row::new("acosh", f64::acosh, |g| {
                g.cotangent * rsqrt(g.x() - 1.0) * rsqrt(g.x() + 1.0)
            }),
            Self::Atanh => Row::new("atanh", f64::atanh, |g| g.cotangent / between_ones(g.x())),
            Self::Tanh => {
                Row::new("tanh", f64::tanh, |g| g.cotangent * (hill(&(g.x() * 2.0)) * 4.0))
            }
            Self::Sigmoid => Row::new("sigmoid", logistic, |g| g.cotangent * hill(g.x())),
            Self::Softplus => Row::new("softplus", soft, |g| g.cotangent * sigmoid(g.x())),
            Self::Erf => Row::new("erf", libm::erf, |g| g.cotangent * bell(g.x())),
            Self::Erfc => Row::new("erfc", libm::erfc, |g| -(g.cotangent * bell(g.x()))),
            Self::IsNan => Row { name: "is_nan", float: None, whole: None, gradient: None },
            Self::BitwiseNot => {
                Row { name: "bitwise_not", float: None, whole: Some(|x| !x), gradient: None }
            }
        }
    }
}

/// All that is known of one function.
struct Row {
    name: &'static str,
    float: Option<fn(f64) -> f64>,
    whole: Option<fn(i128) -> i128>,
    gradient: Option<fn(&Gradient<'_>) -> Tensor>,
}

impl Row {
    fn new(
        name: &'static str,
        float: fn(f64) -> f64,
        gradient: fn(&Gradient<'_>) -> Tensor,
    ) -> Self {
        Self { name, float: Some(float), whole: None, gradient: Some(gradient) }
    }

    /// A piecewise constant function: no gradient flows.
    fn flat(name: &'static str, float: fn(f64) -> f64) -> Self {
        Self { name, float: Some(float), whole: None, gradient: None }
    }

    /// Defined on integers too.
    fn whole(mut self, whole: fn(i128) -> i128) -> Self {
        self.whole = Some(whole);
        self
    }
}

impl Gradient<'_> {
    fn x(&self) -> &Tensor {
        &self.operands[0]
    }
}

fn signum(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { x.signum() }
}

fn logistic(x: f64) -> f64 {
    let tail = (-x.abs()).exp();
    if x < 0.0 { tail / (1.0 + tail) } else { 1.0 / (1.0 + tail) }
}

fn soft(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p() + if x.is_nan() { x } else { 0.0 }
}

/// The derivative of sigmoid: t / (1 + t)² with t = e^−|x|. y (1 − y) would cancel where y is near 1,
/// and a rounded 1 + t would count twice.
fn hill(x: &Tensor) -> Tensor {
    let t = exp(-absolute(x));
    &t / ((&t + 2.0) * &t + 1.0)
}

/// (1 − x)(1 + x), which keeps its digits near ±1 where 1 − x² loses them.
fn between_ones(x: &Tensor) -> Tensor {
    (1.0 - x) * (x + 1.0)
}

/// 2/√π e^(−x²), the derivative of erf.
///
/// A rounded x² would cost e^(−x²) as many digits as it has before the point: h, a multiple of 1/256
/// near x, has an exact square, and x² = h² − (h − x)(h + x).
fn bell(x: &Tensor) -> Tensor {
    // Beyond ±30 there is 0 in every element type, and no difference of infinities.
    let x = clip(x, -30.0, 30.0);
    let h = round(&(&x * 256.0)) / 256.0;
    let rest = exp((&h - &x) * (&h + &x));
    exp(-square(&h)) * rest * std::f64::consts::FRAC_2_SQRT_PI
}

impl Rule for Unary {
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
        expect_operands(row.name, operands, 1)?;
        let dtype = operands[0].dtype;
        match self {
            Self::IsNan => return Ok(operands[0].with_dtype(DType::Bool)),
            Self::BitwiseNot if dtype == DType::Bool => return Ok(operands[0].clone()),
            _ => {}
        }
        let (kind, fits) = match (row.float, row.whole) {
            (Some(_), Some(_)) => ("a float or an integer", dtype != DType::Bool),
            (Some(_), None) => ("a float", dtype.is_float()),
            _ => ("an integer or bool", dtype.is_integer()),
        };
        if fits { Ok(operands[0].clone()) } else { Err(Error::dtype(row.name, "x", kind, dtype)) }
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![self.row().gradient.map(|rule| rule(gradient))])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (x, row) = (operands[0], self.row());
        Ok(match self {
            Self::IsNan => strided::predicate(x, f64::is_nan),
            Self::BitwiseNot if x.dtype() == DType::Bool => strided::predicate(x, |x| x == 0.0),
            _ if x.dtype().is_float() => {
                strided::map_float(x, row.float.expect("inferred: floats have a function"))
            }
            _ => strided::map_whole(x, row.whole.expect("inferred: integers have a function")),
        })
    }
}
