use std::f64::consts::FRAC_PI_2;

use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "arctan",
    formula: expression("atan(x)"),
    limits: Some(Limits::at_infinity(-FRAC_PI_2, FRAC_PI_2)),
    source: "NumPy's arctan",
    ..BuiltIn::DEFAULT
};
