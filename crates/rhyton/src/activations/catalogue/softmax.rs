use super::{AXIS, BuiltIn, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softmax",
    parameters: &[AXIS],
    formula: expression("softmax(x)"),
    keras_layer: Some(("Softmax", &[("axis", -1.0)])),
    traps: &[
        "exp(x) / sum(exp(x)), shifted by the largest so that nothing overflows",
        "NaN where an input is inf, as in Keras",
    ],
    source: "Bridle 1990; Keras 3.15",
    ..BuiltIn::DEFAULT
};
