use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "pelu",
    parameters: &[
        parameter("a", 1.0).above(0.0).per_channel(),
        parameter("b", 1.0).above(0.0).per_channel(),
    ],
    formula: expression("where(x >= 0, a / b * x, a * expm1(x / b))"),
    wide: true,
    limits: Some(Limits::at_infinity(-1.0, f64::INFINITY)),
    source: "Trottier et al. 2016, arXiv 1605.09332",
    ..BuiltIn::DEFAULT
};
