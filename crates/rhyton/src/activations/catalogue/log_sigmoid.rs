use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "log_sigmoid",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("-softplus(-x)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
