use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "selu",
    aliases: &[],
    parameters: &[],
    formula: Formula::Elementwise(
        "1.0507009873554805 * where(x >= 0, x, 1.6732632423543772 * expm1(x))",
    ),
    special_cases: &[],
    keras_layer: None,
    source: "Klambauer et al. 2017, arXiv 1706.02515",
};
