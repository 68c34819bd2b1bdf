use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "frelu",
    aliases: &["flexible_relu"],
    parameters: &[parameter("b", -1.0).per_channel()],
    formula: expression("max(x, 0) + b"),
    limits: Some(Limits::at_infinity(-1.0, f64::INFINITY)),
    traps: &["the flexible ReLU; the funnel ReLU of that name needs a convolution"],
    source: "Qiu et al. 2017, arXiv 1706.08098",
    ..BuiltIn::DEFAULT
};
