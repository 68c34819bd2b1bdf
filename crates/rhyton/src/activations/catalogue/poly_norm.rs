use super::{AXIS, BuiltIn, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "poly_norm",
    parameters: &[
        parameter("a1", 1.0 / 3.0),
        parameter("a2", 1.0 / 3.0),
        parameter("a3", 1.0 / 3.0),
        parameter("b", 0.0),
        AXIS,
    ],
    formula: expression(
        "n = sum(1); p = square(x); q = p * x; a1 * x / sqrt(sum(p) / n + 1e-6) + a2 * p / sqrt(sum(p * p) / n + 1e-6) + a3 * q / sqrt(sum(q * q) / n + 1e-6) + b",
    ),
    traps: &[
        "each power is divided by its root mean square along the axis, 1e-6 under the root, as in the authors' code; their formula has the plain norm",
    ],
    source: "Zhuo et al. 2024, arXiv 2411.03884",
    ..BuiltIn::DEFAULT
};
