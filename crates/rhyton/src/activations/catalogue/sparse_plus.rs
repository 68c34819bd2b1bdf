use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sparse_plus",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("where(x <= -1, 0, where(x < 1, 0.25 * (x + 1)^2, x))"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
