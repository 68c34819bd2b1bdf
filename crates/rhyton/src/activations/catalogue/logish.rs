use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "logish",
    formula: expression("x * log1p(sigmoid(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.372_454_137_025_692_2, -0.252_768_816_789_440_35)),
    source: "Zhu et al. 2021, Logish",
    ..BuiltIn::DEFAULT
};
