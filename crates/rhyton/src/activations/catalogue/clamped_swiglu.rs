use rhyton_graph::{Result, Tensor, clip};

use super::{AXIS, BuiltIn, bound, function, halves, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "clamped_swiglu",
    parameters: &[parameter("alpha", 1.702), parameter("limit", 7.0).at_least(0.0), AXIS],
    formula: function(
        "(clip(a, -limit, limit) + 1) * g * sigmoid(alpha * g), with a and b the halves of x and g = min(b, limit)",
        |x, parameters| value(x, parameters).unwrap_or_else(Tensor::failed),
    ),
    traps: &[
        "the second half is the gate, as in glu; gpt-oss interleaves the two, the gate first",
        "1 is added to the clipped half; the gate is clipped from above only",
    ],
    source: "OpenAI 2025, gpt-oss model card, arXiv 2508.10925, and its published code",
    ..BuiltIn::DEFAULT
};

/// Alpha, the limit, the axis.
fn value(x: &Tensor, parameters: &[f64]) -> Result<Tensor> {
    let (alpha, limit) = (parameters[0], parameters[1]);
    let [a, b] = halves(x, parameters[2])?;
    let gate = clip(&b, f64::NEG_INFINITY, limit);
    Ok((clip(&a, -limit, limit) + 1.0) * bound("swish", &[("beta", alpha)], &gate))
}
