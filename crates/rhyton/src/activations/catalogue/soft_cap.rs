use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "soft_cap",
    parameters: &[parameter("cap", 30.0).above(0.0)],
    formula: expression("cap * tanh(x / cap)"),
    wide: true,
    limits: Some(Limits::at_infinity(-30.0, 30.0)),
    source: "Gemma Team 2024, arXiv 2408.00118",
    ..BuiltIn::DEFAULT
};
