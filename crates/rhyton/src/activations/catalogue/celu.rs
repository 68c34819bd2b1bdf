use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "celu",
    aliases: &[],
    parameters: &[("alpha", 1.0)],
    formula: Formula::Elementwise("where(x >= 0, x, alpha * expm1(x / alpha))"),
    special_cases: &[],
    keras_layer: None,
    source: "Barron 2017, arXiv 1704.07483",
};
