use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softmax",
    aliases: &[],
    parameters: &[("axis", -1.0)],
    formula: Formula::OverAxis("exp(x) / sum(exp(x))", rhyton_graph::softmax),
    special_cases: &[],
    keras_layer: Some(("Softmax", &[("axis", -1.0)])),
    source: "Keras 3.15",
};
