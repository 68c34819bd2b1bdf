use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "threshold",
    parameters: &[parameter("threshold", 0.0), parameter("default_value", 0.0)],
    formula: expression("where(x > threshold, x, default_value)"),
    limits: Some(Limits::with_nan(0.0, f64::INFINITY, 0.0)),
    traps: &["default_value for NaN, as in Keras"],
    source: "Keras 3.15, where both parameters must be given",
    ..BuiltIn::DEFAULT
};
