use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "shifted_relu",
    parameters: &[parameter("shift", 1.0)],
    formula: expression("max(x, -shift)"),
    limits: Some(Limits::at_infinity(-1.0, f64::INFINITY)),
    traps: &["Clevert's SReLU; the S-shaped one of that name is srelu"],
    source: "Clevert et al. 2015, arXiv 1511.07289",
    ..BuiltIn::DEFAULT
};
