use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "linear",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("x"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
