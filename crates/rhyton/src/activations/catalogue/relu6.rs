use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "relu6",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise("min(max(x, 0), 6)"),
    special_cases: &[],
    keras_layer: None,
    source: "Howard et al. 2017, arXiv 1704.04861",
};
