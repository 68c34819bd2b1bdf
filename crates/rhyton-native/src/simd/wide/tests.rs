use rhyton_graph::{Binary, Unary};

use super::*;

/// f32 values as f64 over all exponents, a dense range around 0, and special values.
fn sample() -> Vec<f64> {
    let mut values = vec![0.0, f64::INFINITY, f64::NAN, f64::from(f32::from_bits(1))];
    for exponent in -126..128 {
        for step in 0..100 {
            let mantissa = 1.0 + (f64::from(step) * 0.618_033_988).fract();
            values.push(f64::from((mantissa * 2.0_f64.powi(exponent)) as f32));
        }
    }
    values.extend((0..20_000).map(|step| f64::from(step as f32 * 0.006)));
    let negative: Vec<f64> = values.iter().map(|value| -value).collect();
    values.extend(negative);
    values
}

/// Equal, both NaN, or within a relative 1e-13 (a power's error grows with its logarithm); results
/// too small for an f32 need not be.
fn assert_near(what: &str, at: &[f64], actual: f64, expected: f64) {
    let equal = actual == expected || actual.is_nan() && expected.is_nan();
    let small = actual.abs() < 1e-300 && expected.abs() < 1e-300;
    let near = (actual - expected).abs()
        <= 1e-13 * expected.abs().ln().abs().max(100.0) / 100.0 * expected.abs();
    assert!(equal || small || near, "{what} {at:?}: {actual:e}, expected {expected:e}");
}

#[test]
fn functions_are_within_1e_13_of_the_standard_library() {
    let x = sample();
    let mut y = vec![0.0; x.len()];
    for unary in Unary::ALL {
        let Some(exact) = unary.float() else { continue };
        Level::detect().wide_unary(unary, &x, &mut y);
        for (&x, &y) in x.iter().zip(&y) {
            assert_near(&format!("{unary:?}"), &[x], y, exact(x));
        }
    }
}

#[test]
fn functions_of_two_are_near_the_standard_library() {
    let a = sample();
    let mut b = a.clone();
    let mut y = vec![0.0; a.len()];
    for shift in [1, 77, 25_404, 40_001] {
        b.rotate_left(shift);
        for binary in Binary::ALL {
            let Some(exact) = binary.float() else { continue };
            Level::detect().wide_binary(binary, &a, &b, &mut y);
            for ((&a, &b), &y) in a.iter().zip(&b).zip(&y) {
                assert_near(&format!("{binary:?}"), &[a, b], y, exact(a, b));
            }
        }
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    // The sign and payload of a NaN made by an invalid operation is the machine's choice.
    values.iter().map(|v| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() }).collect()
}

#[test]
fn every_level_and_tail_gives_the_same_bits() {
    let x = sample();
    let x: Vec<f64> = x.into_iter().step_by(7).collect();
    let mut turned = x.clone();
    turned.rotate_left(1001);
    let run = |level: Level, unary: Unary, x: &[f64]| {
        let mut y = vec![0.0; x.len()];
        level.wide_unary(unary, x, &mut y);
        bits(&y)
    };
    for level in Level::available() {
        for unary in Unary::ALL.into_iter().filter(|unary| unary.float().is_some()) {
            let whole = run(Level::Portable, unary, &x);
            assert_eq!(run(level, unary, &x), whole, "{level:?} {unary:?}");
            for tail in 1..18 {
                assert_eq!(run(level, unary, &x[..tail]), whole[..tail], "{level:?} {unary:?}");
            }
        }
        for binary in Binary::ALL.into_iter().filter(|binary| binary.float().is_some()) {
            let (mut y, mut expected) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            for b in [&turned[..], &turned[..1]] {
                Level::Portable.wide_binary(binary, &x, b, &mut expected);
                level.wide_binary(binary, &x, b, &mut y);
                assert_eq!(bits(&y), bits(&expected), "{level:?} {binary:?}");
            }
        }
    }
}
