use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "step",
    aliases: &["heaviside"],
    formula: expression("where(x > 0, 1, 0) derivative \"abs(x) <= 1\""),
    limits: Some(Limits::with_nan(0.0, 1.0, 0.0)),
    traps: &[
        "0 at 0 and for NaN",
        "the derivative is the straight-through 1 from −1 to 1: the true one, 0, teaches nothing",
    ],
    source: "Bengio et al. 2013, arXiv 1308.3432; Hubara et al. 2016, arXiv 1602.02830",
    ..BuiltIn::DEFAULT
};
