use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "soft_shrink",
    aliases: &["softshrink"],
    parameters: &[parameter("threshold", 0.5).at_least(0.0)],
    formula: expression(
        "where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0))",
    ),
    limits: Some(Limits::with_nan(f64::NEG_INFINITY, f64::INFINITY, 0.0)),
    traps: &["0 for NaN, as in Keras"],
    source: "Donoho 1995; Keras 3.15",
    ..BuiltIn::DEFAULT
};
