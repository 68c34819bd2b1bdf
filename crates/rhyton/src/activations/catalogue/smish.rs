use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "smish",
    formula: expression("x * tanh(log1p(sigmoid(x)))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.3945193019245041, -0.24999366366012948)),
    source: "Wang et al. 2022, Smish",
    ..BuiltIn::DEFAULT
};
