use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "tanh_shrink",
    aliases: &["tanhshrink"],
    formula: expression(
        "where(abs(x) < 0.02, x * square(x) / 3 * (1 - 0.4 * square(x) * (1 - 17 / 42 * square(x))), x - tanh(x))",
    ),
    traps: &["x - tanh(x), which near 0 would keep no digits: there it is its series"],
    wide: true,
    limits: Some(Limits::at_infinity(f64::NEG_INFINITY, f64::INFINITY)),
    source: "Keras 3.15",
    ..BuiltIn::DEFAULT
};
