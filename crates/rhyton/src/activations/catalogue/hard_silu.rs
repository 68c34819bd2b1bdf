use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_silu",
    aliases: &["hard_swish", "hardswish"],
    formula: expression(
        "x * (clip(x + 3, 0, 6) / 6) derivative \"where(abs(x) < 3, (2 * x + 3) / 6, x > 0)\"",
    ),
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.5, -0.375)),
    traps: &["NaN at −inf, as in Keras (−inf times 0)"],
    source: "Howard et al. 2019, arXiv 1905.02244",
    ..BuiltIn::DEFAULT
};
