use super::{AXIS, BuiltIn, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softmax1",
    aliases: &["quiet_softmax"],
    parameters: &[AXIS],
    formula: expression("softmax(x) * sigmoid(logsumexp(x))"),
    traps: &[
        "exp(x) / (1 + sum(exp(x))), written so that nothing overflows",
        "sums to less than 1: all values can be near 0",
    ],
    source: "Miller 2023, Attention Is Off By One",
    ..BuiltIn::DEFAULT
};
