use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "smu",
    parameters: &[parameter("alpha", 0.25), parameter("mu", 1_000_000.0).above(0.0).per_channel()],
    formula: expression("x * (alpha + 0.5 * (1 - alpha) * erfc(-mu * (1 - alpha) * x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    traps: &[
        "mu starts at 1e6, as in the paper: almost leaky_relu(negative_slope=0.25); smaller ones are smoother",
    ],
    source: "Biswas et al. 2021, arXiv 2111.04682",
    ..BuiltIn::DEFAULT
};
