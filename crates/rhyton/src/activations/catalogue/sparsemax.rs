use super::{AXIS, BuiltIn, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sparsemax",
    parameters: &[AXIS],
    formula: expression("sparsemax(x)"),
    traps: &[
        "Keras 3.15.1 and before sum the running sums and are wrong where more than one value is above 0: [0.5, 0.3, 0] gives [0.133, 0, 0] there, [0.567, 0.367, 0.067] here",
    ],
    source: "Martins & Astudillo 2016, arXiv 1602.02068",
    ..BuiltIn::DEFAULT
};
