use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "tanh",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("tanh(x)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
