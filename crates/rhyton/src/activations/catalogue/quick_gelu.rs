use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "quick_gelu",
    formula: expression("x * sigmoid(1.702 * x)"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-0.751_154_255_441_289, -0.163_610_189_636_353_57)),
    traps: &[
        "up to 0.02 from gelu, so it must not stand in for it in files that mean the one or the other",
    ],
    source: "Hendrycks & Gimpel 2016, arXiv 1606.08415; CLIP",
    ..BuiltIn::DEFAULT
};
