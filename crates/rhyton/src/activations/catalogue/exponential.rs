use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "exponential",
    formula: expression("exp(x)"),
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    traps: &["overflows to inf above 88.7 in float32, above 11.08 in float16"],
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
