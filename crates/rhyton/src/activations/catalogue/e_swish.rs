use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "e_swish",
    parameters: &[parameter("beta", 1.375)],
    formula: expression("beta * x * sigmoid(x)"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.278_464_542_761_073_7, -0.382_888_746_296_476_46)),
    traps: &["beta stands outside the sigmoid, from 1 to 2 (swish has it inside)"],
    source: "Alcaide 2018, arXiv 1801.07145",
    ..BuiltIn::DEFAULT
};
