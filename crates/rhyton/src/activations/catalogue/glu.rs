use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "glu",
    aliases: &[],
    parameters: &[("axis", -1.0)],
    formula: Formula::OverAxis("a * sigmoid(b), with a and b the halves of x", rhyton_graph::glu),
    special_cases: &[],
    keras_layer: None,
    source: "Keras 3.15",
};
