use std::f64::consts::{LN_2, LN_10, PI};

use rhyton_tensor::{DType, result_type};

use super::arithmetic::{maximum, power};
use super::comparison::{equal, less, select};
use super::functions::{absolute, erf, erfc, exp, isnan, log, softplus, sqrt};
use super::shaping::{cast, ones_like};
use crate::{Arguments, Composite, Operand, Operation, Result, Tensor, custom_gradient, minimum};

/// Keras' functions that are made of others.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Log2",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_log2),
    },
    Operation {
        class_name: "Log10",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_log10),
    },
    Operation {
        class_name: "Exp2",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_exp2),
    },
    Operation {
        class_name: "Isfinite",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_isfinite),
    },
    Operation {
        class_name: "Isinf",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_isinf),
    },
    Operation {
        class_name: "Logaddexp",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_logaddexp),
    },
    Operation {
        class_name: "Erfinv",
        module: "keras.src.ops.math",
        call: Composite::One(call_erfinv),
    },
];

/// log₂ x; integers as float32.
#[track_caller]
pub fn log2(x: impl Operand) -> Tensor {
    OPERATIONS[0].apply(Arguments::of([x.argument()]))
}

/// log₁₀ x; integers as float32.
#[track_caller]
pub fn log10(x: impl Operand) -> Tensor {
    OPERATIONS[1].apply(Arguments::of([x.argument()]))
}

/// 2ˣ; integers as float32.
#[track_caller]
pub fn exp2(x: impl Operand) -> Tensor {
    OPERATIONS[2].apply(Arguments::of([x.argument()]))
}

/// Whether x is neither infinite nor NaN, as bool.
#[track_caller]
pub fn isfinite(x: impl Operand) -> Tensor {
    OPERATIONS[3].apply(Arguments::of([x.argument()]))
}

/// Whether x is ∞ or −∞, as bool.
#[track_caller]
pub fn isinf(x: impl Operand) -> Tensor {
    OPERATIONS[4].apply(Arguments::of([x.argument()]))
}

/// ln(eᵃ + eᵇ), without overflow.
#[track_caller]
pub fn logaddexp(a: impl Operand, b: impl Operand) -> Tensor {
    OPERATIONS[5].apply(Arguments::of([a.argument(), b.argument()]))
}

/// The number whose error function is x: ±∞ at ±1, NaN outside. Its derivative is √π/2 · e^(y²).
///
/// Source: M. Giles, Approximating the erfinv function, 2010; in float64 two steps of Newton's
/// method follow.
#[track_caller]
pub fn erfinv(x: impl Operand) -> Tensor {
    OPERATIONS[6].apply(Arguments::of([x.argument()]))
}

fn float(operation: &str, arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor(operation, 0)?;
    Ok(if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) })
}

fn call_log2(arguments: &Arguments) -> Result<Tensor> {
    (log(float("log2", arguments)?) / LN_2).checked()
}

fn call_log10(arguments: &Arguments) -> Result<Tensor> {
    (log(float("log10", arguments)?) / LN_10).checked()
}

fn call_exp2(arguments: &Arguments) -> Result<Tensor> {
    power(2, float("exp2", arguments)?).checked()
}

fn call_isfinite(arguments: &Arguments) -> Result<Tensor> {
    less(absolute(float("isfinite", arguments)?), f64::INFINITY).checked()
}

fn call_isinf(arguments: &Arguments) -> Result<Tensor> {
    equal(absolute(float("isinf", arguments)?), f64::INFINITY).checked()
}

/// The larger one and softplus of how far the smaller is below; equal infinities are 0 apart.
fn call_logaddexp(arguments: &Arguments) -> Result<Tensor> {
    let (a, b) = super::arithmetic::meet("logaddexp", arguments)?;
    let dtype = if a.dtype().is_float() { a.dtype() } else { result_type(a.dtype(), DType::F32) };
    let (a, b) = (cast(&a, dtype), cast(&b, dtype));
    let largest = maximum(&a, &b);
    let distance = absolute(&a - &b);
    let apart = select(equal(&a, &b), distance.scalar_like(0.0), &distance);
    (largest + softplus(-apart)).checked()
}

/// Coefficients of the polynomials in w − 2.5 and √w − 3, the highest power first.
const CENTRAL: [f64; 9] = [
    2.810_226_36e-8,
    3.432_739_39e-7,
    -3.523_387_7e-6,
    -4.391_506_54e-6,
    2.185_808_7e-4,
    -1.253_725_03e-3,
    -4.177_681_64e-3,
    2.466_407_27e-1,
    1.501_409_41,
];
const TAIL: [f64; 9] = [
    -2.002_142_57e-4,
    1.009_505_58e-4,
    1.349_343_22e-3,
    -3.673_428_44e-3,
    5.739_507_73e-3,
    -7.622_461_3e-3,
    9.438_870_47e-3,
    1.001_674_06,
    2.832_976_82,
];

fn polynomial(coefficients: &[f64; 9], x: &Tensor) -> Tensor {
    let first = ones_like(x) * coefficients[0];
    coefficients[1..].iter().fold(first, |sum, &coefficient| sum * x + coefficient)
}

fn call_erfinv(arguments: &Arguments) -> Result<Tensor> {
    let x = float("erfinv", arguments)?;
    let wide = cast(&x, result_type(x.dtype(), DType::F32)).checked()?;
    let far = absolute(&wide);
    let inside = less(&far, 1);
    let safe = select(&inside, &wide, 0);
    let w = -log((1 - &safe) * (1 + &safe));
    let central = polynomial(&CENTRAL, &(minimum(&w, 5) - 2.5));
    let tail = polynomial(&TAIL, &(sqrt(maximum(&w, 5)) - 3));
    let mut result = select(less(&w, 5), central, tail) * &safe;
    if wide.dtype() == DType::F64 {
        for _ in 0..2 {
            let size = absolute(&result);
            let missing = select(less(&far, 0.5), &far - erf(&size), erfc(&size) - (1 - &far));
            let step = missing * exp(&size * &size) * (PI.sqrt() / 2.0);
            result = select(less(&safe, 0), -(&size + &step), &size + &step);
        }
    }
    let infinite = select(less(&wide, 0), wide.scalar_like(f64::NEG_INFINITY), f64::INFINITY);
    let outside = select(equal(&far, 1), infinite, f64::NAN);
    let outside = select(isnan(&wide), f64::NAN, outside);
    let value = cast(&select(&inside, result, outside), x.dtype());
    custom_gradient(&[&x], &value, |_, y| vec![exp(y * y) * (PI.sqrt() / 2.0)]).checked()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::Array;

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, eval};

    #[test]
    fn gradients_agree() {
        let spec = Spec::new(DType::F32, Shape::batched(&[3]));
        let samples = [Sample::between(spec.clone(), 0.1, 0.95), Sample::between(spec, -2.0, 2.0)];
        check_op(&samples, |x| {
            vec![
                log2(&x[0]),
                log10(&x[0]),
                exp2(&x[1]),
                logaddexp(&x[0], &x[1]),
                erfinv(&x[0]),
                erfinv(-&x[0]),
            ]
        });
    }

    /// Solutions of `math.erfc(y) = 1 - x` of `CPython` 3.11 at points that float32 has.
    #[test]
    fn erfinv_is_exact_in_both_precisions() {
        let points: [f64; 7] = [
            -(1.0 - f64::exp2(-20.0)),
            -0.5,
            0.0,
            f64::exp2(-30.0),
            0.25,
            0.875,
            1.0 - f64::exp2(-23.0),
        ];
        let expected = [
            -3.465_505_025_803_331,
            -0.476_936_276_204_469_8,
            0.0,
            8.253_631_419_062_223e-10,
            0.225_312_055_012_178_08,
            1.084_787_040_069_283_2,
            3.743_921_162_776_799_4,
        ];
        for dtype in [DType::F64, DType::F32] {
            let x = Array::from_slice(&[points.len()], &points).unwrap().cast(dtype);
            let found = eval(|x| vec![erfinv(&x[0])], &[&x]).unwrap()[0].to_f64();
            let tolerance = if dtype == DType::F64 { 1e-12 } else { 3e-6 };
            for ((point, y), expected) in points.iter().zip(found).zip(expected) {
                let near = y == expected || ((y - expected) / expected).abs() < tolerance;
                assert!(near, "erfinv({point}) as {dtype} is {y}, not {expected}");
            }
        }
        let edge = Array::from_slice(&[2], &[1.0_f32, -1.0]).unwrap();
        let found = eval(|x| vec![erfinv(&x[0])], &[&edge]).unwrap();
        assert_eq!(found[0].view::<f32>(), [f32::INFINITY, f32::NEG_INFINITY]);
        let outside = Array::from_slice(&[2], &[1.5_f32, f32::NAN]).unwrap();
        let found = eval(|x| vec![erfinv(&x[0])], &[&outside]).unwrap();
        assert!(found[0].view::<f32>().iter().all(|y| y.is_nan()));
    }

    #[test]
    fn infinities_and_integers_are_told_apart() {
        let inf = f32::INFINITY;
        let x = Array::from_slice(&[4], &[1.0, inf, -inf, f32::NAN]).unwrap();
        let y = Array::from_slice(&[4], &[-inf, inf, -inf, 0.0]).unwrap();
        let whole = Array::from_slice(&[2], &[8_i32, 1]).unwrap();
        let result = eval(
            |x| {
                let sums = logaddexp(&x[0], &x[1]);
                vec![isfinite(&x[0]), isinf(&x[0]), sums, log2(&x[2]), exp2(&x[2])]
            },
            &[&x, &y, &whole],
        );
        let found: Vec<Vec<f64>> = result.unwrap().iter().map(Array::to_f64).collect();
        assert_eq!(found[0], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(found[1], [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(found[2][..3], [1.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert!(found[2][3].is_nan());
        assert_eq!(found[3..], [[3.0, 0.0], [256.0, 2.0]]);
    }
}
