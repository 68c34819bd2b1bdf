use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "elish",
    formula: expression("where(x >= 0, x, expm1(x)) * sigmoid(x)"),
    wide: true,
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    minimum: Some((-0.881_373_587_019_543, -0.171_572_875_253_809_9)),
    source: "Basirat & Roth 2018, arXiv 1808.00783",
    ..BuiltIn::DEFAULT
};
