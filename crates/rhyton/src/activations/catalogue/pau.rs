use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "pau",
    aliases: &["rational"],
    parameters: &[
        parameter("a0", 0.02996348).per_channel(),
        parameter("a1", 0.61690165).per_channel(),
        parameter("a2", 2.37539147).per_channel(),
        parameter("a3", 3.06608078).per_channel(),
        parameter("a4", 1.52474449).per_channel(),
        parameter("a5", 0.25281987).per_channel(),
        parameter("b1", 1.19160814).per_channel(),
        parameter("b2", 4.40811795).per_channel(),
        parameter("b3", 0.91111034).per_channel(),
        parameter("b4", 0.34885983).per_channel(),
    ],
    formula: expression(
        "(a0 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * a5))))) / (1 + abs(x * (b1 + x * (b2 + x * (b3 + x * b4)))))",
    ),
    wide: true,
    limits: Some(Limits::at_infinity(f64::NAN, f64::NAN)),
    traps: &[
        "starts as leaky_relu(negative_slope=0.01), near it from −3 to 3 only",
        "the safe denominator: 1 + |Q(x)|",
    ],
    source: "Molina et al. 2019, arXiv 1907.06732",
    ..BuiltIn::DEFAULT
};
