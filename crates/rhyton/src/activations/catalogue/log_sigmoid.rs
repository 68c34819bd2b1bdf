use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "log_sigmoid",
    aliases: &["logsigmoid"],
    formula: expression("-softplus(-x)"),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, 0.0)),
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
