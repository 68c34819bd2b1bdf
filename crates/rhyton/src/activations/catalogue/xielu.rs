use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "xielu",
    parameters: &[
        parameter("alpha_p", 0.8).at_least(0.0).per_channel(),
        parameter("alpha_n", 0.8).at_least(0.0).per_channel(),
        parameter("beta", 0.5),
    ],
    formula: expression("where(x > 0, alpha_p * square(x), alpha_n * (expm1(x) - x)) + beta * x"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-0.980_829_253_011_726_2, -0.205_751_224_096_482_14)),
    traps: &[
        "alpha_p and alpha_n are the values in effect; the paper trains what softplus turns into them",
    ],
    source: "Huang & Schlag 2024, arXiv 2411.13010",
    ..BuiltIn::DEFAULT
};
