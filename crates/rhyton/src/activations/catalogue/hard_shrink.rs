use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_shrink",
    aliases: &[],
    parameters: &[("threshold", 0.5)],
    formula: Formula::Elementwise("where(abs(x) > threshold, x, 0)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
