use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "logish",
    formula: expression("x * log1p(sigmoid(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.3724541370256922, -0.25276881678944035)),
    source: "Zhu et al. 2021, Logish",
    ..BuiltIn::DEFAULT
};
