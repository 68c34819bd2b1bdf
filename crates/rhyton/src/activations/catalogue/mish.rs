use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "mish",
    formula: expression("x * tanh(softplus(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.1924312145154952, -0.30884341301725043)),
    traps: &["NaN at −inf, as in Keras (−inf times 0)"],
    source: "Misra 2019, arXiv 1908.08681",
    ..BuiltIn::DEFAULT
};
