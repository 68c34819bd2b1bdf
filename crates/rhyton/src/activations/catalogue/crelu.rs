use rhyton_graph::{concatenate, relu};

use super::{AXIS, BuiltIn, function};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "crelu",
    parameters: &[AXIS],
    formula: function("concatenate(relu(x), relu(-x))", |x, parameters| {
        concatenate(&[relu(x), relu(&-x)], parameters[0] as isize)
    }),
    traps: &["doubles the axis", "not celu"],
    source: "Shang et al. 2016, arXiv 1603.05201",
    ..BuiltIn::DEFAULT
};
