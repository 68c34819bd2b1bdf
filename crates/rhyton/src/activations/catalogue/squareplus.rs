use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "squareplus",
    parameters: &[parameter("b", 4.0).at_least(0.0)],
    formula: expression(
        "where(x < 0, 0.5 * b / (sqrt(square(x) + b) - x), 0.5 * (x + sqrt(square(x) + b)))",
    ),
    wide: true,
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    traps: &[
        "Keras 3.15.1 has (x + sqrt(x² + b)) / 2, which is NaN at −inf, loses all digits below −1e4 and overflows in float16 for |x| ≥ 256; here the negative side is b / (2 (sqrt(x² + b) − x))",
    ],
    source: "Barron 2021, arXiv 2112.11687",
    ..BuiltIn::DEFAULT
};
