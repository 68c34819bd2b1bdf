use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "dynamic_tanh",
    aliases: &["dyt"],
    parameters: &[
        parameter("alpha", 0.5),
        parameter("gamma", 1.0).per_channel(),
        parameter("beta", 0.0).per_channel(),
    ],
    formula: expression("gamma * tanh(alpha * x) + beta"),
    wide: true,
    limits: Some(Limits::at_infinity(-1.0, 1.0)),
    traps: &["the paper trains one alpha in all, gamma and beta for each channel"],
    source: "Zhu et al. 2025, arXiv 2503.10622",
    ..BuiltIn::DEFAULT
};
