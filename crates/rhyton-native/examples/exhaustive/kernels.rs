//! What is measured: every function of one f32 with a float result, how the engine computes it, and
//! its true value and slope, which share no code with the engine. Add one as a row.

use rhyton_expression::{Expression, Lowering};
use rhyton_graph::{
    Cast, Error, Graph, Result, Shape, Spec, Tensor, Tracer, Unary, gradients, sum,
};
use rhyton_tensor::DType;

/// A function of f64.
pub(crate) type Real = fn(f64) -> f64;

/// A function of one f32.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    form: Form,
    pub(crate) value: Real,
    /// `None` where no gradient flows.
    pub(crate) slope: Option<Real>,
}

/// How a kernel is written.
#[derive(Clone, Copy)]
enum Form {
    Primitive(Unary),
    /// A function that the engine computes in f64 by itself: only its slope has an exact form.
    Wide(Unary),
    /// In the language of activations.
    Expression(&'static str),
    /// The same, in f64 and rounded once also where nobody asks: a built-in activation.
    BuiltIn(&'static str),
}

const fn primitive(name: &'static str, unary: Unary, value: Real, slope: Real) -> Kernel {
    Kernel { name, form: Form::Primitive(unary), value, slope: Some(slope) }
}

const fn wide(name: &'static str, unary: Unary, value: Real, slope: Real) -> Kernel {
    Kernel { name, form: Form::Wide(unary), value, slope: Some(slope) }
}

const fn flat(name: &'static str, unary: Unary, value: Real) -> Kernel {
    Kernel { name, form: Form::Primitive(unary), value, slope: None }
}

const fn built_in(name: &'static str, text: &'static str, value: Real, slope: Real) -> Kernel {
    Kernel { name, form: Form::BuiltIn(text), value, slope: Some(slope) }
}

const fn expression(text: &'static str, value: Real, slope: Real) -> Kernel {
    Kernel { name: text, form: Form::Expression(text), value, slope: Some(slope) }
}

/// All kernels.
pub(crate) const KERNELS: [Kernel; 33] = [
    primitive("negative", Unary::Negative, |x| -x, |_| -1.0),
    primitive("absolute", Unary::Absolute, f64::abs, signum),
    flat("sign", Unary::Sign, signum),
    flat("floor", Unary::Floor, f64::floor),
    flat("ceil", Unary::Ceil, f64::ceil),
    flat("round", Unary::Round, f64::round_ties_even),
    primitive("exp", Unary::Exp, f64::exp, f64::exp),
    primitive("expm1", Unary::Expm1, f64::exp_m1, f64::exp),
    primitive("log", Unary::Log, f64::ln, f64::recip),
    primitive("log1p", Unary::Log1p, f64::ln_1p, |x| 1.0 / (1.0 + x)),
    primitive("sqrt", Unary::Sqrt, f64::sqrt, |x| 0.5 / x.sqrt()),
    primitive("rsqrt", Unary::Rsqrt, |x| 1.0 / x.sqrt(), |x| -0.5 / (x * x.sqrt())),
    primitive("reciprocal", Unary::Reciprocal, f64::recip, |x| -1.0 / (x * x)),
    wide("sin", Unary::Sin, f64::sin, f64::cos),
    wide("cos", Unary::Cos, f64::cos, |x| -x.sin()),
    wide("tan", Unary::Tan, f64::tan, |x| x.cos().powi(-2)),
    wide("asin", Unary::Asin, f64::asin, |x| 1.0 / between_ones(x).sqrt()),
    wide("acos", Unary::Acos, f64::acos, |x| -1.0 / between_ones(x).sqrt()),
    wide("atan", Unary::Atan, f64::atan, |x| 1.0 / x.mul_add(x, 1.0)),
    wide("sinh", Unary::Sinh, f64::sinh, f64::cosh),
    wide("cosh", Unary::Cosh, f64::cosh, f64::sinh),
    wide("asinh", Unary::Asinh, f64::asinh, |x| 1.0 / (x * x + 1.0).sqrt()),
    wide("acosh", Unary::Acosh, acosh, |x| 1.0 / ((x - 1.0).sqrt() * (x + 1.0).sqrt())),
    wide("atanh", Unary::Atanh, f64::atanh, |x| 1.0 / between_ones(x)),
    primitive("tanh", Unary::Tanh, f64::tanh, |x| x.cosh().powi(-2)),
    primitive("sigmoid", Unary::Sigmoid, logistic, |x| logistic(x) * logistic(-x)),
    primitive("softplus", Unary::Softplus, soft, logistic),
    primitive("erf", Unary::Erf, libm::erf, bell),
    wide("erfc", Unary::Erfc, libm::erfc, |x| -bell(x)),
    // What `swish` is by default; the engine has kernels of its own for both.
    expression("x * sigmoid(x)", |x| swish(1.0, x), |x| swish_slope(1.0, x)),
    built_in("swish(beta=0.5)", "x * sigmoid(0.5 * x)", |x| swish(0.5, x), |x| swish_slope(0.5, x)),
    built_in(
        "swish(beta=1.702)",
        "x * sigmoid(1.702 * x)",
        |x| swish(1.702, x),
        |x| swish_slope(1.702, x),
    ),
    built_in("swish(beta=2)", "x * sigmoid(2 * x)", |x| swish(2.0, x), |x| swish_slope(2.0, x)),
];

fn signum(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { x.signum() }
}

/// (1 − x)(1 + x): 1 − x² would lose digits near ±1.
fn between_ones(x: f64) -> f64 {
    (1.0 - x) * (1.0 + x)
}

fn acosh(x: f64) -> f64 {
    let t = x - 1.0;
    match x {
        f64::INFINITY => x,
        _ if x >= 1.0 => (t + (2.0 * t + t * t).sqrt()).ln_1p(),
        _ => f64::NAN,
    }
}

fn logistic(x: f64) -> f64 {
    let tail = (-x.abs()).exp();
    if x < 0.0 { tail / (1.0 + tail) } else { 1.0 / (1.0 + tail) }
}

fn soft(x: f64) -> f64 {
    let tail = (-x.abs()).exp().ln_1p();
    if x > 0.0 { x + tail } else { tail }
}

/// 2/√π e^(−x²); the square of an f32 is exact.
fn bell(x: f64) -> f64 {
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
}

fn swish(beta: f64, x: f64) -> f64 {
    x * logistic(beta * x)
}

fn swish_slope(beta: f64, x: f64) -> f64 {
    logistic(beta * x) * (beta * x).mul_add(logistic(-beta * x), 1.0)
}

impl Kernel {
    /// Whether value and slope are always computed in f64.
    pub(crate) fn is_wide(&self) -> bool {
        matches!(self.form, Form::BuiltIn(_))
    }

    /// Whether the value is.
    pub(crate) fn has_wide_value(&self) -> bool {
        matches!(self.form, Form::BuiltIn(_) | Form::Wide(_))
    }

    /// At most so many inputs are measured, by the logarithm: other parameters of a built-in need not
    /// take each.
    pub(crate) fn log2_inputs_max(&self) -> u32 {
        if self.is_wide() { 28 } else { 32 }
    }

    /// The program of value and slope for inputs of any number; `exact` computes in f64 and rounds
    /// once, and leaves out a value that is computed so anyway.
    ///
    /// # Errors
    /// A failure while tracing.
    pub(crate) fn graph(&self, exact: bool) -> Result<Graph> {
        let tracer = Tracer::new([].into());
        let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[])));
        let value = self.apply(&x, exact)?;
        if !(exact && self.has_wide_value()) {
            tracer.output("value", &value)?;
        }
        if self.slope.is_some() {
            let [slope] = &gradients(&sum(&value, None, false), &[&x])?[..] else { unreachable!() };
            tracer.output("slope", slope)?;
        }
        Ok(rhyton_graph::simplify(&tracer.finish()))
    }

    fn apply(&self, x: &Tensor, exact: bool) -> Result<Tensor> {
        match self.form {
            Form::Expression(text) | Form::BuiltIn(text) => {
                let exact = exact || self.is_wide();
                let expression = Expression::parse(text)
                    .map_err(|error| Error::Message { message: error.to_string() })?;
                expression.lower_with(x, &[], Lowering { exact, ..Lowering::default() })
            }
            Form::Primitive(unary) | Form::Wide(unary) if exact => {
                let wide = Tensor::emit(Cast { dtype: DType::F64 }, &[x]);
                Tensor::emit(Cast { dtype: DType::F32 }, &[&Tensor::emit(unary, &[&wide])])
            }
            Form::Primitive(unary) | Form::Wide(unary) => Tensor::emit(unary, &[x]),
        }
        .checked()
    }
}

/// Input `place` of `1 << log2_count` that are spread over all f32: one in each stretch, now and
/// then the stretch's first, so that zeros, ones and infinities are among them.
pub(crate) fn spread(place: u32, log2_count: u32) -> u32 {
    let width = 32 - log2_count;
    let offset = if place.is_multiple_of(64) { 0 } else { scrambled(place) >> log2_count };
    place << width | offset
}

/// Bits that look random (the finalizer of `MurmurHash3`).
pub(crate) fn scrambled(word: u32) -> u32 {
    let word = (word ^ word >> 16).wrapping_mul(0x85eb_ca6b);
    let word = (word ^ word >> 13).wrapping_mul(0xc2b2_ae35);
    word ^ word >> 16
}
