use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "aria2",
    parameters: &[
        parameter("alpha", 1.5).above(0.0).per_channel(),
        parameter("beta", 2.0).above(0.0).per_channel(),
    ],
    formula: expression("x * exp(-alpha * softplus(-beta * x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-0.464_882_220_631_008_26, -0.069_977_641_319_701_43)),
    traps: &["x (1 + exp(-beta x))^-alpha: swish where alpha is 1"],
    source: "Patwardhan et al. 2018, arXiv 1805.08878",
    ..BuiltIn::DEFAULT
};
