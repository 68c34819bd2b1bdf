use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "snake",
    parameters: &[parameter("a", 1.0).not_zero().per_channel()],
    formula: expression("x + square(sin(a * x)) / a"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    traps: &["BigVGAN calls a alpha and may store its logarithm"],
    source: "Ziyin et al. 2020, arXiv 2006.08195",
    ..BuiltIn::DEFAULT
};
