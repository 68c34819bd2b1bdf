use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "soft_shrink",
    aliases: &[],
    parameters: &[("threshold", 0.5)],
    formula: Formula::Elementwise(
        "where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0))",
    ),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
