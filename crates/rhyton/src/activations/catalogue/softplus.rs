use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softplus",
    parameters: &[parameter("beta", 1.0).not_zero().per_channel()],
    formula: expression("softplus(beta * x) / beta"),
    special_cases: &[(&[("beta", 1.0)], "softplus(x)")],
    wide: true,
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    traps: &[
        "Keras has no beta; PyTorch's threshold of 20, above which it is linear, is not needed here",
    ],
    source: "Dugas et al. 2000; beta: PyTorch",
    ..BuiltIn::DEFAULT
};
