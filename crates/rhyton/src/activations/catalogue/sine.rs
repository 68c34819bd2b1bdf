use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sine",
    aliases: &["siren"],
    parameters: &[parameter("omega", 30.0)],
    formula: expression("sin(omega * x)"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    traps: &["omega is 30, for SIREN's first layer; weights need that paper's initialisation"],
    source: "Sitzmann et al. 2020, arXiv 2006.09661",
    ..BuiltIn::DEFAULT
};
