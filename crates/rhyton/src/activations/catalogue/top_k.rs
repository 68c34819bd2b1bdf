use super::{AXIS, BuiltIn, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "top_k",
    parameters: &[parameter("k", 1.0).whole_from(1.0), AXIS],
    formula: expression("where(x >= sum(where(cumsum(1) == min(k, sum(1)), -sort(-x), 0)), x, 0)"),
    traps: &[
        "x where it is one of the k largest, else 0; values equal to the k-th all stay",
        "the values keep their places: keras.ops.top_k's do not",
    ],
    source: "Gao et al. 2024, arXiv 2406.04093",
    ..BuiltIn::DEFAULT
};
