use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sigmoid",
    formula: expression("sigmoid(x) derivative \"exp(-abs(x)) / square(1 + exp(-abs(x)))\""),
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    source: "Keras 3.15; 1 / (1 + exp(-x))",
    ..BuiltIn::DEFAULT
};
