use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "thresholded_relu",
    parameters: &[parameter("theta", 1.0).at_least(0.0)],
    formula: expression("where(x <= theta, 0, x)"),
    limits: Some(Limits::at_infinity(0.0, f64::INFINITY)),
    traps: &[
        "theta is 1 here, as in Keras 2's layer; Keras 3 has only the layer ReLU(threshold=…), with 0",
    ],
    source: "Konda et al. 2014, arXiv 1402.3337; Keras 2",
    ..BuiltIn::DEFAULT
};
