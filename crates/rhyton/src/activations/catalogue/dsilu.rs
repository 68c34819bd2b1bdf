use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "dsilu",
    formula: expression("sigmoid(x) * (1 + x * sigmoid(-x))"),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    minimum: Some((-2.399_357_280_515_467_5, -0.099_839_320_128_866_91)),
    traps: &["the derivative of silu, from −0.0998 to 1.0998", "NaN at ±inf (inf times 0)"],
    source: "Elfwing et al. 2017, arXiv 1702.03118",
    ..BuiltIn::DEFAULT
};
