use rhyton_graph::Tensor;

use super::{AXIS, BuiltIn, built_in, function, halves};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "gtu",
    parameters: &[AXIS],
    formula: function("tanh(a) * sigmoid(b), with a and b the halves of x", |x, parameters| {
        let value = |[a, b]: [Tensor; 2]| built_in("tanh", &a) * built_in("sigmoid", &b);
        halves(x, parameters[0]).map_or_else(Tensor::failed, value)
    }),
    traps: &["WaveNet's gate; the second half is under the sigmoid"],
    source: "van den Oord et al. 2016, arXiv 1606.05328",
    ..BuiltIn::DEFAULT
};
