use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "tanh",
    formula: expression(
        "tanh(x) derivative \"4 * exp(-2 * abs(x)) / square(1 + exp(-2 * abs(x)))\"",
    ),
    limits: Some(Limits::at_infinity(-1.0, 1.0)),
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
