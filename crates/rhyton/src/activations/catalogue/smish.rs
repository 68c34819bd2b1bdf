use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "smish",
    formula: expression("x * tanh(log1p(sigmoid(x)))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.394_519_301_924_504_1, -0.249_993_663_660_129_48)),
    source: "Wang et al. 2022, Smish",
    ..BuiltIn::DEFAULT
};
