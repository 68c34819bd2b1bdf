use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "lecun_tanh",
    formula: expression("1.7159 * tanh(2 * x / 3)"),
    wide: true,
    limits: Some(Limits::at_infinity(-1.7159, 1.7159)),
    source: "LeCun et al. 1998, Efficient BackProp",
    ..BuiltIn::DEFAULT
};
