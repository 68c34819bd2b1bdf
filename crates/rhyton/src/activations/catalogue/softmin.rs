use super::{AXIS, BuiltIn, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "softmin",
    parameters: &[AXIS],
    formula: expression("softmax(-x)"),
    source: "PyTorch's softmin",
    ..BuiltIn::DEFAULT
};
