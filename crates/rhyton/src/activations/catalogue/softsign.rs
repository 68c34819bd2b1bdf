use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softsign",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("x / (1 + abs(x))"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
