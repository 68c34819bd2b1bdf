use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "gaussian",
    aliases: &["rbf"],
    formula: expression("exp(-square(x))"),
    wide: true,
    limits: Some(Limits::at_infinity(0.0, 0.0)),
    traps: &["that paper writes exp(-x² / (2 s²)): this is its s = 0.7071"],
    source: "Ramasinghe & Lucey 2021, arXiv 2111.15135",
    ..BuiltIn::DEFAULT
};
