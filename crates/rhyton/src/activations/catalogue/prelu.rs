use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "prelu",
    parameters: &[parameter("alpha", 0.25).per_channel()],
    formula: expression("where(x > 0, x, alpha * x)"),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    traps: &[
        "alpha starts at 0.25, as in the paper and PyTorch; Keras' layer PReLU starts at 0 and has one for each element, not for each channel",
    ],
    source: "He et al. 2015, arXiv 1502.01852",
    ..BuiltIn::DEFAULT
};
