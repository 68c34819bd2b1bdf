use super::{AXIS, BuiltIn, function, gated};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "geglu",
    parameters: &[AXIS],
    formula: function("a * gelu(b), with a and b the halves of x", |x, parameters| {
        gated(x, parameters[0], "gelu")
    }),
    traps: &[
        "the second half is the gate, as in glu; LLaMA and others gate the first",
        "gelu is the exact one; Gemma has the tanh form",
    ],
    source: "Shazeer 2020, arXiv 2002.05202",
    ..BuiltIn::DEFAULT
};
