use super::{AXIS, BuiltIn, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "log_softmax",
    parameters: &[AXIS],
    formula: expression("log_softmax(x)"),
    traps: &["x - logsumexp(x): finite where log(softmax(x)) would be -inf"],
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
