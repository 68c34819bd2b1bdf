use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "swish",
    aliases: &["silu"],
    parameters: &[parameter("beta", 1.0).per_channel()],
    formula: expression("x * sigmoid(beta * x)"),
    special_cases: &[(&[("beta", 1.0)], "x * sigmoid(x)")],
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.278_464_542_761_073_7, -0.278_464_542_761_073_8)),
    traps: &[
        "beta stands inside the sigmoid (e_swish has it outside); oneDNN calls it alpha; Keras' silu has none",
        "NaN at −inf, as in Keras (−inf times 0)",
    ],
    source: "Ramachandran et al. 2017, arXiv 1710.05941; beta = 1: Hendrycks & Gimpel 2016, arXiv 1606.08415",
    ..BuiltIn::DEFAULT
};
