use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "mish",
    formula: expression("x * tanh(softplus(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.192_431_214_515_495_2, -0.308_843_413_017_250_43)),
    traps: &["NaN at −inf, as in Keras (−inf times 0)"],
    source: "Misra 2019, arXiv 1908.08681",
    ..BuiltIn::DEFAULT
};
