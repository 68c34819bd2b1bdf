use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "relu_squared",
    aliases: &["squared_relu", "relu2"],
    formula: expression("square(max(x, 0))"),
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    source: "So et al. 2021, arXiv 2109.08668",
    ..BuiltIn::DEFAULT
};
