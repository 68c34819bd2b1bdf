use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "elu",
    parameters: &[parameter("alpha", 1.0)],
    formula: expression("where(x >= 0, x, alpha * expm1(x))"),
    keras_layer: Some(("ELU", &[("alpha", 1.0)])),
    limits: Some(Limits::at_infinity(-1.0, f64::INFINITY)),
    traps: &[
        "alpha scales the negative side only, so the slope jumps at 0 unless alpha is 1 (celu's does not)",
    ],
    source: "Clevert et al. 2015, arXiv 1511.07289",
    ..BuiltIn::DEFAULT
};
