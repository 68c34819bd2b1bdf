use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_mish",
    formula: expression(
        "0.5 * x * clip(x + 2, 0, 2) derivative \"where(x <= -2, 0, where(x < 0, x + 1, 1))\"",
    ),
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.0, -0.5)),
    source: "timm's hard_mish",
    ..BuiltIn::DEFAULT
};
