use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "apl",
    parameters: &[parameter("a", 0.25).per_channel(), parameter("b", 0.0).per_channel()],
    formula: expression("max(x, 0) + a * max(b - x, 0)"),
    limits: Some(Limits::at_infinity(f64::INFINITY, f64::INFINITY)),
    traps: &[
        "one hinge; more are an expression: `max(x, 0) + a1 * max(b1 - x, 0) + a2 * max(b2 - x, 0)`",
    ],
    source: "Agostinelli et al. 2014, arXiv 1412.6830",
    ..BuiltIn::DEFAULT
};
