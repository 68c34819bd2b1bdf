use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "cloglog",
    formula: expression("-expm1(-exp(min(x, 10)))"),
    wide: true,
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    source: "Gomes & Ludermir 2008",
    ..BuiltIn::DEFAULT
};
