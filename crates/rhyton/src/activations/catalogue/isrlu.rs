use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "isrlu",
    parameters: &[parameter("alpha", 1.0).at_least(0.0)],
    formula: expression("where(x >= 0, x, x / sqrt(1 + alpha * square(x)))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    source: "Carlile et al. 2017, arXiv 1710.09967",
    ..BuiltIn::DEFAULT
};
