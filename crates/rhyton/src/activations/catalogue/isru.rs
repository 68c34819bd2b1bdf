use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "isru",
    parameters: &[parameter("alpha", 1.0).at_least(0.0)],
    formula: expression("x / sqrt(1 + alpha * square(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    traps: &["NaN at ±inf (inf / inf)"],
    source: "Carlile et al. 2017, arXiv 1710.09967",
    ..BuiltIn::DEFAULT
};
