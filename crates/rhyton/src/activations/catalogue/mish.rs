use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "mish",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("x * tanh(softplus(x))"),
    special_cases: &[],
    keras_layer: None,
    source: "Misra 2019, arXiv 1908.08681",
};
