use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "acon_c",
    parameters: &[
        parameter("p1", 1.0).per_channel(),
        parameter("p2", 0.0).per_channel(),
        parameter("beta", 1.0).per_channel(),
    ],
    formula: expression("(p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    minimum: Some((-1.278_464_542_761_073_7, -0.278_464_542_761_073_8)),
    traps: &[
        "p1 and p2 start at 1 and 0 here (swish); the paper draws both from a normal distribution",
    ],
    source: "Ma et al. 2020, arXiv 2009.04759",
    ..BuiltIn::DEFAULT
};
