use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "elu",
    aliases: &[],
    parameters: &[("alpha", 1.0)],
    formula: Formula::Elementwise("where(x >= 0, x, alpha * expm1(x))"),
    special_cases: &[],
    keras_layer: Some(("ELU", &[("alpha", 1.0)])),
    source: "Clevert et al. 2015, arXiv 1511.07289",
};
