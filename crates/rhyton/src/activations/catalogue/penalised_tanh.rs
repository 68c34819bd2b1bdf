use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "penalised_tanh",
    aliases: &["penalized_tanh"],
    parameters: &[parameter("a", 0.25)],
    formula: expression(
        "where(x > 0, 1, a) * tanh(x) derivative \"where(x > 0, 4, 4 * a) * exp(-2 * abs(x)) / square(1 + exp(-2 * abs(x)))\"",
    ),
    limits: Some(Limits::at_infinity(-0.25, 1.0)),
    source: "Xu et al. 2016, arXiv 1602.05980",
    ..BuiltIn::DEFAULT
};
