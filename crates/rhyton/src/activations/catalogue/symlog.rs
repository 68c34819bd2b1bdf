use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "symlog",
    formula: expression("where(x >= 0, log1p(x), -log1p(-x))"),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    source: "Hafner et al. 2023, arXiv 2301.04104",
    ..BuiltIn::DEFAULT
};
