use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "srelu",
    parameters: &[
        parameter("t_left", 0.0).per_channel(),
        parameter("a_left", 0.2).per_channel(),
        parameter("t_right", 1.0).per_channel(),
        parameter("a_right", 1.0).per_channel(),
    ],
    formula: expression(
        "where(x <= t_left, t_left + a_left * (x - t_left), where(x >= t_right, t_right + a_right * (x - t_right), x))",
    ),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    traps: &[
        "S-shaped, with four learned numbers for each channel; t_left must not exceed t_right",
    ],
    source: "Jin et al. 2015, arXiv 1512.07030",
    ..BuiltIn::DEFAULT
};
