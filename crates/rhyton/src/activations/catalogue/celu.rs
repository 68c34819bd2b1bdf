use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "celu",
    parameters: &[parameter("alpha", 1.0).above(0.0)],
    formula: expression("where(x >= 0, x, alpha * expm1(x / alpha))"),
    wide: true,
    limits: Some(Limits::at_infinity(-1.0, f64::INFINITY)),
    traps: &["Keras 3.15.1 has the slope 2 at 0 (both sides added); here it is 1"],
    source: "Barron 2017, arXiv 1704.07483",
    ..BuiltIn::DEFAULT
};
