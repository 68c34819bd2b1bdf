use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "gelu",
    parameters: &[parameter("approximate", 0.0).between(0.0, 1.0)],
    formula: expression(
        "where(approximate > 0, x * sigmoid(1.5957691216057308 * (x + 0.044715 * x^3)), 0.5 * x * erfc(-0.7071067811865476 * x))",
    ),
    special_cases: &[
        (&[("approximate", 0.0)], "0.5 * x * erfc(-0.7071067811865476 * x)"),
        (&[("approximate", 1.0)], "x * sigmoid(1.5957691216057308 * (x + 0.044715 * x^3))"),
    ],
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::INFINITY)),
    minimum: Some((-0.751_791_524_693_564_5, -0.169_971_207_479_903_66)),
    traps: &[
        "exact (erf) by default, as in keras.activations and PyTorch; keras.ops.gelu, GPT-2 and Candle mean approximate=True",
        "NaN at −inf, as in Keras (−inf times 0)",
    ],
    source: "Hendrycks & Gimpel 2016, arXiv 1606.08415",
    ..BuiltIn::DEFAULT
};
