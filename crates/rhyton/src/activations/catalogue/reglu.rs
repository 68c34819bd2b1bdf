use super::{AXIS, BuiltIn, function, gated};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "reglu",
    parameters: &[AXIS],
    formula: function("a * relu(b), with a and b the halves of x", |x, parameters| {
        gated(x, parameters[0], "relu")
    }),
    traps: &["the second half is the gate, as in glu; LLaMA and others gate the first"],
    source: "Shazeer 2020, arXiv 2002.05202",
    ..BuiltIn::DEFAULT
};
