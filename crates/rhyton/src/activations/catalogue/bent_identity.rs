use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "bent_identity",
    formula: expression("x + 0.5 * (sqrt(square(x) + 1) - 1)"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    source: "Kunc & Kléma 2024, arXiv 2402.09092",
    ..BuiltIn::DEFAULT
};
