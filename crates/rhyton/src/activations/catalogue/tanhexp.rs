use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "tanhexp",
    aliases: &["telu"],
    formula: expression("x * tanh(exp(min(x, 20)))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-1.078_860_058_464_624, -0.353_285_777_848_211_25)),
    source: "Liu & Di 2020, arXiv 2003.09855; TeLU: arXiv 2412.20269",
    ..BuiltIn::DEFAULT
};
