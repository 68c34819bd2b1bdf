use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "gcu",
    formula: expression("x * cos(x)"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    source: "Noel et al. 2021, arXiv 2108.12943",
    ..BuiltIn::DEFAULT
};
