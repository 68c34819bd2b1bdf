use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_shrink",
    aliases: &["hardshrink"],
    parameters: &[parameter("threshold", 0.5).at_least(0.0)],
    formula: expression("where(abs(x) > threshold, x, 0)"),
    limits: Some(Limits::with_nan(f64::NEG_INFINITY, f64::INFINITY, 0.0)),
    traps: &["0 for NaN, as in Keras"],
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
