use rhyton_graph::Unary;
use rhyton_testing::{assert_same_bits, ulp_error_f32};

use super::*;

/// Every exponent with both signs and spread mantissas, and the values around every trap.
fn sample() -> Vec<f32> {
    let mut values = vec![0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX];
    for exponent in 0..255_u32 {
        for step in 0..160_u32 {
            let mantissa = (step.wrapping_mul(0x9E37_79B9) ^ exponent.wrapping_mul(77)) & 0x7F_FFFF;
            let bits = exponent << 23 | mantissa;
            values.extend([f32::from_bits(bits), f32::from_bits(bits | 1 << 31)]);
        }
    }
    for centre in [-104.0_f32, -103.3, -88.7, -87.3, -20.0, -1.0, -0.5, 0.34, 0.93, 1.0, 4.0, 88.7]
    {
        values.extend((-600..600).map(|step| centre + step as f32 * 0.01));
    }
    values
}

fn swish(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { f64::NAN } else { x / (1.0 + (-x).exp()) }
}

/// With e^x for negative x, whose digits 1 + x + e^x needs where they cancel.
fn swish_slope(x: f64) -> f64 {
    if x.is_infinite() {
        return f64::NAN;
    }
    let t = (-x.abs()).exp();
    let above = if x < 0.0 { t * (1.0 + x + t) } else { 1.0 + t * (1.0 + x) };
    above / (1.0 + t).powi(2)
}

fn exact(function: VectorUnary) -> fn(f64) -> f64 {
    let unary = match function {
        VectorUnary::Negative => Unary::Negative,
        VectorUnary::Absolute => Unary::Absolute,
        VectorUnary::Sign => Unary::Sign,
        VectorUnary::Floor => Unary::Floor,
        VectorUnary::Ceil => Unary::Ceil,
        VectorUnary::Round => Unary::Round,
        VectorUnary::Exp => Unary::Exp,
        VectorUnary::Expm1 => Unary::Expm1,
        VectorUnary::Log => Unary::Log,
        VectorUnary::Log1p => Unary::Log1p,
        VectorUnary::Sqrt => Unary::Sqrt,
        VectorUnary::Rsqrt => Unary::Rsqrt,
        VectorUnary::Reciprocal => Unary::Reciprocal,
        VectorUnary::Tanh => Unary::Tanh,
        VectorUnary::Sigmoid => Unary::Sigmoid,
        VectorUnary::Swish => return swish,
        VectorUnary::SwishSlope => return swish_slope,
        VectorUnary::Softplus => Unary::Softplus,
        VectorUnary::Erf => Unary::Erf,
    };
    unary.float().unwrap()
}

#[test]
fn functions_are_within_four_ulp_of_f64() {
    let x = sample();
    assert!(x.len() > 1 << 16);
    let mut y = vec![0.0; x.len()];
    for function in VectorUnary::ALL {
        Level::detect().unary(function, &x, &mut y);
        let exact = exact(function);
        let error = |x: f32, y: f32| {
            let exact = exact(f64::from(x));
            // A slope is measured beside 2⁻²⁴ at least.
            if function == VectorUnary::SwishSlope && exact.abs() < 2.0_f64.powi(-24) {
                return (f64::from(y) - exact).abs() * 2.0_f64.powi(47);
            }
            ulp_error_f32(y, exact)
        };
        let errors = x.iter().zip(&y).map(|(&x, &y)| (error(x, y), x));
        let (worst, at) =
            errors.fold((0.0, 0.0), |a, b| if b.0 > a.0 || b.0.is_nan() { b } else { a });
        println!("{function:?}: {worst:.2} ULP at {at:e}");
        assert!(worst <= 4.0, "{function:?}({at:e}): {worst} ULP");
    }
}

#[test]
fn all_instruction_sets_give_the_same_bits() {
    let x = sample();
    // A length that leaves a tail for every width.
    let x = &x[..x.len() - (x.len() % 16) - 3];
    let mut shifted = x.to_vec();
    shifted.rotate_left(5);
    let mut results: Vec<Vec<Vec<f32>>> = Vec::new();
    for level in Level::available() {
        let mut all = Vec::new();
        let mut y = vec![0.0; x.len()];
        for function in VectorUnary::ALL {
            level.unary(function, x, &mut y);
            all.push(y.clone());
        }
        for function in [
            VectorBinary::Add,
            VectorBinary::Subtract,
            VectorBinary::Multiply,
            VectorBinary::Divide,
            VectorBinary::Maximum,
            VectorBinary::Minimum,
        ] {
            level.binary(function, x, &shifted, &mut y);
            all.push(y.clone());
        }
        for comparison in [
            VectorCompare::Equal,
            VectorCompare::NotEqual,
            VectorCompare::Less,
            VectorCompare::LessEqual,
            VectorCompare::IsNan,
        ] {
            level.compare(comparison, x, &shifted, &mut y);
            all.push(y.clone());
        }
        level.select(&all[20], x, &shifted, &mut y);
        all.push(y.clone());
        let finite: Vec<f32> = x.iter().copied().filter(|x| x.abs() < 1e30).collect();
        all.push(vec![level.sum(&finite)]);
        results.push(all);
    }
    for other in &results[1..] {
        for (a, b) in results[0].iter().zip(other) {
            // The sign and payload of a NaN made by an invalid operation is the machine's choice.
            let plain = |v: &[f32]| -> Vec<f32> {
                v.iter().map(|&v| if v.is_nan() { f32::NAN } else { v }).collect()
            };
            assert_same_bits(&plain(b), &plain(a));
        }
    }
}
