use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softsign",
    formula: expression("x / (1 + abs(x)) derivative \"1 / square(1 + abs(x))\""),
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    traps: &["NaN at ±inf, as in Keras (inf / inf)"],
    source: "Bergstra et al. 2009",
    ..BuiltIn::DEFAULT
};
