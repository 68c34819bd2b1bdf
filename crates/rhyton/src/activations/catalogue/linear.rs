use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "linear",
    aliases: &["identity"],
    formula: expression("x"),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
