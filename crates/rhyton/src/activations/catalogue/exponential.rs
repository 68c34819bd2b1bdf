use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "exponential",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("exp(x)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
