use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sparse_plus",
    formula: expression("where(x <= -1, 0, where(x < 1, 0.25 * (x + 1)^2, x))"),
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
