use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "squareplus",
    aliases: &[],
    parameters: &[("b", 4.0)],
    formula: Formula::Elementwise("(x + sqrt(x^2 + b)) / 2"),
    special_cases: &[],
    keras_layer: None,
    source: "Barron 2021, arXiv 2112.11687",
};
