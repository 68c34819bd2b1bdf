use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "relu6",
    formula: expression("min(max(x, 0), 6)"),
    limits: Some(Limits::at_infinity(0.0, 6.0)),
    source: "Howard et al. 2017, arXiv 1704.04861",
    ..BuiltIn::DEFAULT
};
