use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "elliott",
    formula: expression("where(x < 0, 0.5 / (1 - x), 1 - 0.5 / (1 + x))"),
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    source: "Elliott 1993",
    ..BuiltIn::DEFAULT
};
