use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "lisht",
    formula: expression("x * tanh(x)"),
    limits: Some(Limits::at_infinity(f64::INFINITY, f64::INFINITY)),
    source: "Roy et al. 2019, arXiv 1901.05894",
    ..BuiltIn::DEFAULT
};
