use super::{BuiltIn, Limits, expression};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "sinc",
    formula: expression(
        "where(abs(x) < 0.02, 1 - square(x) / 6 * (1 - square(x) / 20 * (1 - square(x) / 42)), sin(x) / x)",
    ),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    traps: &["NumPy's sinc is sin(πx) / (πx)"],
    source: "Saratchandran et al. 2024; sin(x) / x",
    ..BuiltIn::DEFAULT
};
