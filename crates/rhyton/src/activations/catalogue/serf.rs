use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "serf",
    formula: expression("x * erf(softplus(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.193_059_968_928_188, -0.348_437_458_759_606_4)),
    source: "Nag & Bhattacharyya 2021, arXiv 2108.09598",
    ..BuiltIn::DEFAULT
};
