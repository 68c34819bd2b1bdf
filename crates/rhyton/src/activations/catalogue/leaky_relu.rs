use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "leaky_relu",
    aliases: &[],
    parameters: &[("negative_slope", 0.2)],
    formula: Formula::Elementwise("where(x > 0, x, negative_slope * x)"),
    special_cases: &[],
    keras_layer: Some(("LeakyReLU", &[("negative_slope", 0.3)])),
    source: "Maas et al. 2013",
};
