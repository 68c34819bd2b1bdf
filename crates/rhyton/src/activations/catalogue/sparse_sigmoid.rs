use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sparse_sigmoid",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("clip(0.5 * (x + 1), 0, 1)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
