use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sign",
    formula: expression("sign(x) derivative \"abs(x) <= 1\""),
    limits: Some(Limits::at_infinity(-1.0, 1.0)),
    traps: &[
        "the derivative is the straight-through 1 from −1 to 1; inside an expression, sign(a) is the language's function, with derivative 0",
    ],
    source: "Hubara et al. 2016, arXiv 1602.02830",
    ..BuiltIn::DEFAULT
};
