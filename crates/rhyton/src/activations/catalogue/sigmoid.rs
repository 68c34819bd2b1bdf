use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sigmoid",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("sigmoid(x)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
