use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "asinh",
    formula: expression("asinh(x)"),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    source: "NumPy's arcsinh",
    ..BuiltIn::DEFAULT
};
