use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "gelu",
    aliases: &[],
    parameters: &[("approximate", 0.0)],
    formula: Formula::Elementwise(
        "where(approximate > 0, 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x^3))), 0.5 * x * erfc(-0.7071067811865476 * x))",
    ),
    special_cases: &[
        (&[("approximate", 0.0)], "0.5 * x * erfc(-0.7071067811865476 * x)"),
        (
            &[("approximate", 1.0)],
            "0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x^3)))",
        ),
    ],
    keras_layer: None,
    source: "Hendrycks & Gimpel 2016, arXiv 1606.08415",
};
