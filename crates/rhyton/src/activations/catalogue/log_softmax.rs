use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "log_softmax",
    aliases: &[],
    parameters: &[("axis", -1.0)],
    formula: Formula::OverAxis("x - log(sum(exp(x)))", rhyton_graph::log_softmax),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
