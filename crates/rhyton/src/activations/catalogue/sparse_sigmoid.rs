use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sparse_sigmoid",
    formula: expression("clip(0.5 * (x + 1), 0, 1)"),
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
