use super::{AXIS, BuiltIn, function, gated};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "swiglu",
    parameters: &[AXIS],
    formula: function("a * silu(b), with a and b the halves of x", |x, parameters| {
        gated(x, parameters[0], "swish")
    }),
    traps: &["the second half is the gate, as in glu; LLaMA and others gate the first"],
    source: "Shazeer 2020, arXiv 2002.05202",
    ..BuiltIn::DEFAULT
};
