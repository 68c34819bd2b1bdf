use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_sigmoid_keras2",
    formula: expression("0.2 * clip(x + 2.5, 0, 5)"),
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    traps: &[
        "what Keras 2, and so an old file, means by hard_sigmoid; the slope is 1/6 in Keras 3's",
    ],
    source: "Keras 2; Courbariaux et al. 2015, arXiv 1511.00363",
    ..BuiltIn::DEFAULT
};
