//! The elementwise functions: one row each, with everything that is known about it.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::over_axis::{self, PRELUDE_OVER_AXIS};
use crate::syntax::Expression;

/// The functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// eˣ
    Exp,
    /// eˣ − 1, accurate near 0
    Expm1,
    /// natural logarithm
    Log,
    /// log(1 + x), accurate near 0
    Log1p,
    /// square root
    Sqrt,
    /// 1 / sqrt(x)
    Rsqrt,
    /// x · x
    Square,
    /// absolute value
    Abs,
    /// −1, 0 or 1; NaN for NaN
    Sign,
    /// greatest integer that is not greater
    Floor,
    /// least integer that is not less
    Ceil,
    /// nearest integer, halves to even
    Round,
    /// sine
    Sin,
    /// cosine
    Cos,
    /// tangent
    Tan,
    /// inverse sine
    Asin,
    /// inverse cosine
    Acos,
    /// inverse tangent
    Atan,
    /// hyperbolic sine
    Sinh,
    /// hyperbolic cosine
    Cosh,
    /// hyperbolic tangent
    Tanh,
    /// inverse hyperbolic sine
    Asinh,
    /// error function
    Erf,
    /// 1 − erf(x), accurate where erf is near 1
    Erfc,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// log(1 + eˣ) without overflow
    Softplus,
    /// max(x, 0); NaN for NaN
    Relu,
}

/// Everything known about a function.
struct Row {
    function: Function,
    name: &'static str,
    aliases: &'static [&'static str],
    evaluate: fn(f64) -> f64,
    /// The derivative in the language itself: `x` is the argument, `y` the function's value.
    derivative: &'static str,
}

const fn row(
    function: Function,
    name: &'static str,
    aliases: &'static [&'static str],
    evaluate: fn(f64) -> f64,
    derivative: &'static str,
) -> Row {
    Row { function, name, aliases, evaluate, derivative }
}

/// In the order of [`Function`]'s variants.
const ROWS: &[Row] = &[
    row(Function::Exp, "exp", &["exponential"], f64::exp, "y"),
    row(Function::Expm1, "expm1", &[], f64::exp_m1, "exp(x)"),
    row(Function::Log, "log", &["ln"], f64::ln, "1 / x"),
    row(Function::Log1p, "log1p", &[], f64::ln_1p, "1 / (1 + x)"),
    row(Function::Sqrt, "sqrt", &[], f64::sqrt, "0.5 / y"),
    row(Function::Rsqrt, "rsqrt", &[], |x| 1.0 / x.sqrt(), "-0.5 * (y / x)"),
    row(Function::Square, "square", &[], |x| x * x, "2 * x"),
    row(Function::Abs, "abs", &["absolute", "fabs"], f64::abs, "sign(x)"),
    row(Function::Sign, "sign", &["sgn"], sign, "0"),
    row(Function::Floor, "floor", &[], f64::floor, "0"),
    row(Function::Ceil, "ceil", &[], f64::ceil, "0"),
    row(Function::Round, "round", &["rint"], f64::round_ties_even, "0"),
    row(Function::Sin, "sin", &[], f64::sin, "cos(x)"),
    row(Function::Cos, "cos", &[], f64::cos, "-sin(x)"),
    row(Function::Tan, "tan", &[], f64::tan, "1 + y * y"),
    row(Function::Asin, "asin", &["arcsin"], f64::asin, "rsqrt(1 - x * x)"),
    row(Function::Acos, "acos", &["arccos"], f64::acos, "-rsqrt(1 - x * x)"),
    row(Function::Atan, "atan", &["arctan"], f64::atan, "1 / (1 + x * x)"),
    row(Function::Sinh, "sinh", &[], f64::sinh, "cosh(x)"),
    row(Function::Cosh, "cosh", &[], f64::cosh, "sinh(x)"),
    row(Function::Tanh, "tanh", &[], f64::tanh, "4 * sigmoid(2 * x) * sigmoid(-2 * x)"),
    row(Function::Asinh, "asinh", &["arcsinh"], f64::asinh, "rsqrt(1 + x * x)"),
    row(Function::Erf, "erf", &[], libm::erf, "1.1283791670955126 * exp(-(x * x))"),
    row(Function::Erfc, "erfc", &[], libm::erfc, "-1.1283791670955126 * exp(-(x * x))"),
    row(Function::Sigmoid, "sigmoid", &["logistic", "expit"], sigmoid, "y * sigmoid(-x)"),
    row(Function::Softplus, "softplus", &[], softplus, "sigmoid(x)"),
    row(Function::Relu, "relu", &[], relu, "where(x > 0, 1, 0)"),
];

/// Shorthands written in the language: name, other names, definition (every argument is required).
pub(crate) const PRELUDE: &[(&str, &[&str], &str)] = &[
    ("clip", &["clamp", "clip_by_value"], "clip(x, a, b) = min(max(x, a), b)"),
    ("log2", &[], "log2(x) = log(x) / 0.6931471805599453"),
    ("log10", &[], "log10(x) = log(x) / 2.302585092994046"),
    ("exp2", &[], "exp2(x) = 2 ^ x"),
    ("reciprocal", &[], "reciprocal(x) = 1 / x"),
    ("negative", &["neg"], "negative(x) = -x"),
    ("add", &[], "add(x, b) = x + b"),
    ("subtract", &["sub"], "subtract(x, b) = x - b"),
    ("multiply", &["mul"], "multiply(x, b) = x * b"),
    ("divide", &["true_divide"], "divide(x, b) = x / b"),
    ("normal_cdf", &["ndtr"], "normal_cdf(x) = 0.5 * erfc(-x * 0.7071067811865476)"),
];

/// `with_derivative(value, input, slope)`.
pub(crate) const WITH_DERIVATIVE: &str = "with_derivative";

/// Functions with a form of their own in the parser, and the words of the grammar.
const SPECIAL: &[&str] = &["max", "maximum", "min", "minimum", "pow", "power", "where", "select"];
const WORDS: &[&str] = &[
    "x", "e", "pi", "inf", "nan", "if", "else", "and", "or", "not", "lambda", "return", "def",
    "let", "True", "False", "NaN", "None",
];

impl Function {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Every function, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.function)
    }

    /// Canonical name, as printed.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Other names that the parser accepts.
    pub fn aliases(self) -> &'static [&'static str] {
        self.row().aliases
    }

    /// Value in f64, within about 1 ULP for the elementary functions.
    pub fn evaluate(self, x: f64) -> f64 {
        (self.row().evaluate)(x)
    }

    /// The function of this name or alias.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ROWS.iter()
            .find(|row| row.name == name || row.aliases.contains(&name))
            .map(|row| row.function)
    }

    /// The derivative as a template: its `x` is the argument, its parameter `y` the value.
    pub(crate) fn derivative(self) -> &'static Expression {
        static TEMPLATES: LazyLock<Vec<Expression>> = LazyLock::new(|| {
            ROWS.iter()
                .map(|row| {
                    Expression::parse(&format!("derivative(x, y) = {}", row.derivative))
                        .expect("the table's own text parses, by test")
                })
                .collect()
        });
        &TEMPLATES[self as usize]
    }
}

/// The definition of a shorthand, by its name or another name.
pub(crate) fn prelude(name: &str) -> Option<&'static Expression> {
    static DEFINITIONS: LazyLock<HashMap<&str, Expression>> = LazyLock::new(|| {
        let mut all = HashMap::new();
        for (name, text) in PRELUDE_OVER_AXIS {
            let parsed = Expression::parse(text).expect("the table's own text parses, by test");
            all.insert(*name, parsed);
        }
        for (name, aliases, text) in PRELUDE {
            let parsed = Expression::parse(text).expect("the table's own text parses, by test");
            for name in aliases.iter().chain([name]) {
                all.insert(*name, parsed.clone());
            }
        }
        all
    });
    let elementwise =
        PRELUDE.iter().any(|(main, aliases, _)| *main == name || aliases.contains(&name));
    if !elementwise && !PRELUDE_OVER_AXIS.iter().any(|(main, _)| *main == name) {
        return None;
    }
    DEFINITIONS.get(name)
}

/// Every name that can be called without being registered, aliases included.
pub fn core_function_names() -> impl Iterator<Item = &'static str> {
    reserved_functions().chain(over_axis::names()).chain([WITH_DERIVATIVE])
}

/// The functions whose names can't be given to anything else.
fn reserved_functions() -> impl Iterator<Item = &'static str> {
    let rows = ROWS.iter().flat_map(|row| row.aliases.iter().chain([&row.name]));
    let prelude = PRELUDE.iter().flat_map(|(name, aliases, _)| aliases.iter().chain([name]));
    rows.chain(prelude).chain(SPECIAL).copied()
}

/// Whether the name has a meaning of its own and can't name a binding or a parameter.
pub(crate) fn is_reserved(name: &str) -> bool {
    WORDS.contains(&name) || reserved_functions().any(|known| known == name)
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        // 0 and NaN; -0 becomes 0.
        x + 0.0
    }
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let power = x.exp();
        power / (1.0 + power)
    }
}

fn softplus(x: f64) -> f64 {
    let tail = (-x.abs()).exp().ln_1p();
    if x > 0.0 { x + tail } else { tail }
}

fn relu(x: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_variants() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.function as usize, index, "{}", row.name);
            assert_eq!(Function::named(row.name), Some(row.function));
        }
        assert_eq!(Function::Relu as usize + 1, ROWS.len());
    }

    #[test]
    fn names_are_unique() {
        let names: Vec<_> = core_function_names().collect();
        let distinct: HashSet<_> = names.iter().collect();
        assert_eq!(names.len(), distinct.len());
    }

    #[test]
    fn templates_and_prelude_parse() {
        for function in Function::all() {
            let template = function.derivative();
            assert_eq!(template.parameters().len(), 1, "{} adds a name", function.name());
        }
        for (name, _, _) in PRELUDE {
            assert_eq!(prelude(name).unwrap().name(), Some(*name));
        }
        assert!(prelude("nothing").is_none());
    }

    #[test]
    fn extreme_values_are_right() {
        let inf = f64::INFINITY;
        assert_eq!(sigmoid(-1000.0), 0.0);
        assert_eq!(sigmoid(inf), 1.0);
        assert_eq!(softplus(inf), inf);
        assert_eq!(softplus(-inf), 0.0);
        assert_eq!(softplus(1000.0), 1000.0);
        assert!(relu(f64::NAN).is_nan() && sign(f64::NAN).is_nan() && softplus(f64::NAN).is_nan());
        assert_eq!(sign(-0.0).to_bits(), 0);
        // erfc(10) from its asymptotic series, to 15 digits.
        assert!((libm::erfc(10.0) / 2.088_487_583_762_545e-45 - 1.0).abs() < 1e-13);
    }
}
