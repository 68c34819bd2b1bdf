use std::f64::consts::FRAC_1_SQRT_2;

use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "laplace",
    parameters: &[
        parameter("mu", FRAC_1_SQRT_2),
        parameter("sigma", 0.282_094_791_773_878_14).above(0.0),
    ],
    formula: expression("0.5 * erfc((mu - x) / (sigma * 1.4142135623730951))"),
    wide: true,
    limits: Some(Limits::at_infinity(0.0, 1.0)),
    traps: &["a normal distribution function in spite of the name, near relu_squared"],
    source: "Ma et al. 2022, arXiv 2209.10655",
    ..BuiltIn::DEFAULT
};
