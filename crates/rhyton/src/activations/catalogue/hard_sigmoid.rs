use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_sigmoid",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("clip(x / 6 + 0.5, 0, 1)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15 (Keras 2 had clip(0.2x + 0.5, 0, 1))",
};
