use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "selu",
    formula: expression("1.0507009873554805 * where(x >= 0, x, 1.6732632423543772 * expm1(x))"),
    limits: Some(Limits::at_infinity(-1.758_099_340_847_376_6, f64::INFINITY)),
    traps: &["normalises itself only with lecun_normal weights and AlphaDropout"],
    source: "Klambauer et al. 2017, arXiv 1706.02515",
    ..BuiltIn::DEFAULT
};
