use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "leaky_relu",
    parameters: &[parameter("negative_slope", 0.2)],
    formula: expression("where(x > 0, x, negative_slope * x)"),
    keras_layer: Some(("LeakyReLU", &[("negative_slope", 0.3)])),
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    traps: &[
        "negative_slope is 0.2 here, as in Keras' function; 0.3 in Keras' layer LeakyReLU, 0.01 in PyTorch",
    ],
    source: "Maas et al. 2013",
    ..BuiltIn::DEFAULT
};
