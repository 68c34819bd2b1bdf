use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "threshold",
    aliases: &[],
    parameters: &[("threshold", 0.0), ("default_value", 0.0)],
    formula: Formula::Elementwise("where(x > threshold, x, default_value)"),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15, where both parameters must be given",
};
