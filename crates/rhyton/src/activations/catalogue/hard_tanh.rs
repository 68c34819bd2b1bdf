use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_tanh",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("clip(x, -1, 1)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
