use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "poly_relu",
    parameters: &[
        parameter("a0", 0.0).per_channel(),
        parameter("a1", 1.0 / 3.0).per_channel(),
        parameter("a2", 1.0 / 3.0).per_channel(),
        parameter("a3", 1.0 / 3.0).per_channel(),
    ],
    formula: expression("r = max(x, 0); a0 + r * (a1 + r * (a2 + r * a3))"),
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    traps: &["the cube overflows above 7e12 in float32, above 40 in float16"],
    source: "Zhuo et al. 2024, arXiv 2411.03884",
    ..BuiltIn::DEFAULT
};
