use super::{AXIS, BuiltIn, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "entmax15",
    aliases: &["entmax"],
    parameters: &[AXIS],
    formula: expression(
        "z = max(0.5 * (x - amax(x)), -2); s = -sort(-z); k = cumsum(1); m = cumsum(s) / k; v = cumsum(square(s)) - k * square(m); t = m - sqrt(max((1 - v) / k, 0)); square(max(z - sum(where(k == sum(t <= s), t, 0)), 0))",
    ),
    traps: &[
        "square(max(x / 2 - t, 0)), with t such that the sum is 1",
        "alpha is 1.5: between softmax (1) and sparsemax (2)",
    ],
    source: "Peters et al. 2019, arXiv 1905.05702",
    ..BuiltIn::DEFAULT
};
