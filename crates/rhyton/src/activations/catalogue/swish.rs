use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "swish",
    aliases: &["silu"],
    parameters: &[("beta", 1.0)],
    formula: Formula::Elementwise("x * sigmoid(beta * x)"),
    special_cases: &[(&[("beta", 1.0)], "x * sigmoid(x)")],
    keras_layer: None,
    source: "Ramachandran et al. 2017, arXiv 1710.05941; beta = 1: Hendrycks & Gimpel 2016, arXiv 1606.08415",
};
