use super::functions::{GREATEST, SMALLEST};
use super::map;
use crate::functions::Function;

/// Values of a function's input where f64 makes it a constant or a short polynomial.
///
/// Most numbers that a format has are tiny or huge, and neighbours are evaluated together: a review
/// computes functions for the few exponents between only.
struct Zone {
    /// From this input on, included.
    from: f64,
    /// Up to this input, included.
    to: f64,
    value: Simple,
}

#[derive(Clone, Copy)]
enum Simple {
    Constant(f64),
    /// The input.
    Same,
    /// a + b x
    Line(f64, f64),
    /// x (1 + c x)
    Bent(f64),
    /// x (b + c x²)
    Odd(f64, f64),
}

/// What looking for a zone and filling it in costs for each value, in units of an addition.
pub(super) const COST: u64 = 2;

const INFINITY: f64 = f64::INFINITY;
/// Beside 1 half of the first is lost, of the second its square, of the third its fourth power; and
/// as many bits more.
const LOST: f64 = power_of_two(-56);
const SQUARE_LOST: f64 = power_of_two(-28);
const FOURTH_LOST: f64 = power_of_two(-14);
/// e to minus that is lost beside 1.
const DECAYED: f64 = 40.0;
const HALF_PI: f64 = std::f64::consts::FRAC_PI_2;

const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// Takes the values from a zone, if all inputs lie in the one where the first does.
pub(super) fn apply(function: Function, to: &mut [f64], a: &[f64]) -> bool {
    let Some(first) = a.first() else { return false };
    let has = |zone: &&Zone| zone.from <= *first && *first <= zone.to;
    let Some(zone) = zones(function).iter().find(has) else { return false };
    // Without an early end it is vector code; NaN is in no zone.
    let outside = |x: &f64| u64::from(!(zone.from..=zone.to).contains(x));
    let inside = a.iter().map(outside).fold(0, |any, outside| any | outside) == 0;
    if inside {
        match zone.value {
            Simple::Constant(value) => to.fill(value),
            Simple::Same => to.copy_from_slice(a),
            Simple::Line(at_zero, slope) => map(to, a, |x| at_zero + slope * x),
            Simple::Bent(c) => map(to, a, |x| x * (1.0 + c * x)),
            Simple::Odd(b, c) => map(to, a, |x| x * (b + c * (x * x))),
        }
    }
    inside
}

/// The value that all are, bit by bit.
pub(super) fn uniform(a: &[f64]) -> Option<f64> {
    let (first, last) = (a.first()?.to_bits(), a.last()?.to_bits());
    let different = |x: &f64| x.to_bits() ^ first;
    let same = first == last && a.iter().map(different).fold(0, |any, other| any | other) == 0;
    same.then_some(f64::from_bits(first))
}

/// Constant from one input to another.
const fn constant(from: f64, to: f64, value: f64) -> Zone {
    Zone { from, to, value: Simple::Constant(value) }
}

/// Something simple for inputs up to a magnitude.
const fn near_zero(magnitude: f64, value: Simple) -> Zone {
    Zone { from: -magnitude, to: magnitude, value }
}

/// x + c x³ for small inputs.
const fn odd(c: f64) -> Zone {
    near_zero(FOURTH_LOST, Simple::Odd(1.0, c))
}

const EXP: &[Zone] = &[
    constant(-INFINITY, 1.01 * SMALLEST, 0.0),
    near_zero(SQUARE_LOST, Simple::Line(1.0, 1.0)),
    constant(1.01 * GREATEST, INFINITY, INFINITY),
];
const EXPM1: &[Zone] = &[
    constant(-INFINITY, -DECAYED, -1.0),
    near_zero(SQUARE_LOST, Simple::Bent(0.5)),
    constant(1.01 * GREATEST, INFINITY, INFINITY),
];
const LOG1P: &[Zone] = &[near_zero(SQUARE_LOST, Simple::Bent(-0.5))];
const TANH: &[Zone] = &[
    constant(-INFINITY, -DECAYED / 2.0, -1.0),
    odd(-1.0 / 3.0),
    constant(DECAYED / 2.0, INFINITY, 1.0),
];
const SIGMOID: &[Zone] = &[
    constant(-INFINITY, 1.01 * SMALLEST, 0.0),
    near_zero(power_of_two(-18), Simple::Line(0.5, 0.25)),
    constant(DECAYED, INFINITY, 1.0),
];
const SOFTPLUS: &[Zone] = &[
    constant(-INFINITY, 1.01 * SMALLEST, 0.0),
    near_zero(SQUARE_LOST, Simple::Line(std::f64::consts::LN_2, 0.5)),
    Zone { from: DECAYED, to: INFINITY, value: Simple::Same },
];
const TWO_BY_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;
const ERF: &[Zone] = &[
    constant(-INFINITY, -6.0, -1.0),
    near_zero(FOURTH_LOST, Simple::Odd(TWO_BY_ROOT_PI, -TWO_BY_ROOT_PI / 3.0)),
    constant(6.0, INFINITY, 1.0),
];
const ERFC: &[Zone] = &[
    constant(-INFINITY, -6.0, 2.0),
    near_zero(power_of_two(-19), Simple::Line(1.0, -TWO_BY_ROOT_PI)),
    constant(28.0, INFINITY, 0.0),
];
const SIN: &[Zone] = &[odd(-1.0 / 6.0)];
const TAN: &[Zone] = &[odd(1.0 / 3.0)];
const COS: &[Zone] = &[constant(-SQUARE_LOST, SQUARE_LOST, 1.0)];
const SINH: &[Zone] =
    &[constant(-INFINITY, -720.0, -INFINITY), odd(1.0 / 6.0), constant(720.0, INFINITY, INFINITY)];
const COSH: &[Zone] = &[
    constant(-INFINITY, -720.0, INFINITY),
    constant(-SQUARE_LOST, SQUARE_LOST, 1.0),
    constant(720.0, INFINITY, INFINITY),
];
const ATAN: &[Zone] = &[
    constant(-INFINITY, -1.0 / LOST, -HALF_PI),
    odd(-1.0 / 3.0),
    constant(1.0 / LOST, INFINITY, HALF_PI),
];
const ASIN: &[Zone] =
    &[constant(-INFINITY, -1.01, f64::NAN), odd(1.0 / 6.0), constant(1.01, INFINITY, f64::NAN)];
const ACOS: &[Zone] = &[
    constant(-INFINITY, -1.01, f64::NAN),
    near_zero(power_of_two(-19), Simple::Line(HALF_PI, -1.0)),
    constant(1.01, INFINITY, f64::NAN),
];

fn zones(function: Function) -> &'static [Zone] {
    match function {
        Function::Exp => EXP,
        Function::Expm1 => EXPM1,
        Function::Log1p => LOG1P,
        Function::Tanh => TANH,
        Function::Sigmoid => SIGMOID,
        Function::Softplus => SOFTPLUS,
        Function::Erf => ERF,
        Function::Erfc => ERFC,
        Function::Sin | Function::Asinh => SIN,
        Function::Tan => TAN,
        Function::Sinh => SINH,
        Function::Cosh => COSH,
        Function::Cos => COS,
        Function::Atan => ATAN,
        Function::Asin => ASIN,
        Function::Acos => ACOS,
        Function::Log
        | Function::Sqrt
        | Function::Rsqrt
        | Function::Square
        | Function::Abs
        | Function::Sign
        | Function::Relu
        | Function::Floor
        | Function::Ceil
        | Function::Round => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_its_zones_a_function_is_what_they_say() {
        for function in Function::all() {
            for zone in zones(function) {
                let bounded = |x: f64| x.clamp(f64::MIN, f64::MAX);
                let (from, to) = (bounded(zone.from), bounded(zone.to));
                let points =
                    [zone.from, from, to, zone.to, from.midpoint(to), 0.37 * from, 0.37 * to];
                for x in points.into_iter().filter(|x| (zone.from..=zone.to).contains(x)) {
                    let (expected, mut values) = (function.evaluate(x), [0.0; 3]);
                    assert!(apply(function, &mut values, &[x; 3]), "{} at {x:e}", function.name());
                    let near = (values[2] - expected).abs() <= 6e-16 * expected.abs().max(1e-290);
                    let same = values[2].to_bits() == expected.to_bits();
                    let both_nan = values[2].is_nan() && expected.is_nan();
                    assert!(near || same || both_nan, "{} at {x:e}", function.name());
                }
                assert!(!apply(function, &mut [0.0; 3], &[from, f64::NAN, to]));
            }
        }
        assert!(!apply(Function::Tanh, &mut [0.0; 3], &[-50.0, 1.0, -50.0]));
        assert_eq!(uniform(&[1.5, 1.5]), Some(1.5));
        assert_eq!(uniform(&[0.0, -0.0, 0.0]), None);
    }
}
