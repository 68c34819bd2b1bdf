use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "arctan",
    formula: expression("atan(x)"),
    limits: Some(Limits::at_infinity(-1.5707963267948966, 1.5707963267948966)),
    source: "NumPy's arctan",
    ..BuiltIn::DEFAULT
};
