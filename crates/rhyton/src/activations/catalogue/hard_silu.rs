use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_silu",
    aliases: &["hard_swish"],
    parameters: &[],
    formula: Formula::Elementwise("x * clip(x / 6 + 0.5, 0, 1)"),
    special_cases: &[],
    keras_layer: None,
    source: "Howard et al. 2019, arXiv 1905.02244",
};
