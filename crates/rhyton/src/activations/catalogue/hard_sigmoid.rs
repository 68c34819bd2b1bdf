use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_sigmoid",
    aliases: &["hardsigmoid"],
    formula: expression("clip(x + 3, 0, 6) / 6"),
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    traps: &["Keras 2 had clip(0.2 * x + 0.5, 0, 1): that is hard_sigmoid_keras2 here"],
    source: "Keras 3.15; Howard et al. 2019, arXiv 1905.02244",
    ..BuiltIn::DEFAULT
};
