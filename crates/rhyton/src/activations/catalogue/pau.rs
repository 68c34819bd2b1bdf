use super::{BuiltIn, Limits, expression, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "pau",
    aliases: &["rational"],
    parameters: &[
        parameter("a0", 0.029_963_48).per_channel(),
        parameter("a1", 0.616_901_65).per_channel(),
        parameter("a2", 2.375_391_47).per_channel(),
        parameter("a3", 3.066_080_78).per_channel(),
        parameter("a4", 1.524_744_49).per_channel(),
        parameter("a5", 0.252_819_87).per_channel(),
        parameter("b1", 1.191_608_14).per_channel(),
        parameter("b2", 4.408_117_95).per_channel(),
        parameter("b3", 0.911_110_34).per_channel(),
        parameter("b4", 0.348_859_83).per_channel(),
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
