use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "relu",
    parameters: &[
        parameter("negative_slope", 0.0),
        parameter("max_value", f64::INFINITY).between(0.0, f64::INFINITY),
        parameter("threshold", 0.0),
    ],
    formula: expression(
        "where(x > threshold, min(x, max_value), negative_slope * (x - threshold))",
    ),
    special_cases: &[
        (&[("negative_slope", 0.0), ("max_value", f64::INFINITY), ("threshold", 0.0)], "max(x, 0)"),
        (&[("negative_slope", 0.0), ("threshold", 0.0)], "min(max(x, 0), max_value)"),
        (&[("negative_slope", 0.0), ("max_value", f64::INFINITY)], "where(x > threshold, x, 0)"),
        (&[("negative_slope", 0.0)], "where(x > threshold, min(x, max_value), 0)"),
        (
            &[("max_value", f64::INFINITY)],
            "where(x > threshold, x, negative_slope * (x - threshold))",
        ),
    ],
    keras_layer: Some((
        "ReLU",
        &[("negative_slope", 0.0), ("max_value", f64::INFINITY), ("threshold", 0.0)],
    )),
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    traps: &[
        "the slope at 0 is 0, as in Keras and PyTorch; Candle has 1",
        "with max_value, Keras also clips at 0 what a negative threshold lets pass; here `where` is meant as written",
    ],
    source: "Nair & Hinton 2010",
    ..BuiltIn::DEFAULT
};
