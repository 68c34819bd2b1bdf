use super::{AXIS, BuiltIn, function, gated};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "glu",
    parameters: &[AXIS],
    formula: function("a * sigmoid(b), with a and b the halves of x", |x, parameters| {
        gated(x, parameters[0], "sigmoid")
    }),
    traps: &["the second half is the gate, as in Keras and PyTorch; the axis needs an even size"],
    source: "Dauphin et al. 2016, arXiv 1612.08083; Keras 3.15",
    ..BuiltIn::DEFAULT
};
