use super::{BuiltIn, Formula};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "relu",
    aliases: &[],
    parameters: &[("negative_slope", 0.0), ("max_value", f64::INFINITY), ("threshold", 0.0)],
    formula: Formula::Elementwise(
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
    source: "Nair & Hinton 2010",
};
