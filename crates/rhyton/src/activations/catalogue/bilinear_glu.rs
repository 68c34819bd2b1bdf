use super::{AXIS, BuiltIn, function, gated};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "bilinear_glu",
    aliases: &["simple_gate"],
    parameters: &[AXIS],
    formula: function("a * b, with a and b the halves of x", |x, parameters| {
        gated(x, parameters[0], "linear")
    }),
    source: "Dauphin et al. 2016, arXiv 1612.08083",
    ..BuiltIn::DEFAULT
};
