use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "hard_tanh",
    aliases: &["hardtanh"],
    formula: expression("clip(x, -1, 1)"),
    limits: Some(Limits::at_infinity(-1.0, 1.0)),
    traps: &["the slope is 0 at −1 and 1, as in PyTorch; TensorFlow has 1"],
    source: "Collobert 2004",
    ..BuiltIn::DEFAULT
};
