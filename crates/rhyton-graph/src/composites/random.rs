use std::f64::consts::{PI, SQRT_2};

use rhyton_tensor::DType;

use super::functions::{cos, log, sqrt};
use super::shaping::{cast, slice_axis};
use super::special::erfinv;
use crate::{Dim, Error, RandomBits, Tensor};

/// Random words: one row of `length` for each row of counters; see [`RandomBits`].
#[track_caller]
pub fn random_bits(key: &Tensor, counter: &Tensor, length: usize) -> Tensor {
    Tensor::emit(RandomBits { length }, &[key, counter])
}

/// Numbers uniform on [0, 1) with 24 random bits, float32, from random words.
#[track_caller]
pub fn uniform(bits: &Tensor) -> Tensor {
    let shift = bits.scalar_like(8.0);
    let shift = super::shaping::broadcast_to(&shift, bits.shape());
    let high = Tensor::emit(crate::Binary::ShiftRight, &[bits, &shift]);
    cast(&high, DType::F32) * (1.0 / 16_777_216.0)
}

/// Numbers normal around 0 with standard deviation 1, float32: √(−2 ln(1 − u₁)) · cos(2π u₂), from
/// two random words each. u₁ comes from the first half of the last axis, u₂ from the second.
#[track_caller]
pub fn normal(bits: &Tensor) -> Tensor {
    let axis = bits.rank().saturating_sub(1);
    let length = bits.shape().last().and_then(|dim| dim.fixed_size());
    let Some(half) = length.filter(|length| length.is_multiple_of(2)).map(|length| length / 2)
    else {
        let expected = "an even fixed size on the last axis";
        return Tensor::failed(Error::shape("normal", "bits", expected, bits.shape()));
    };
    let part =
        |from: usize| uniform(&slice_axis(bits, axis, Dim::fixed(from), Dim::fixed(from + half)));
    let radius = sqrt(log(1 - part(0)) * -2.0);
    radius * cos(part(half) * (2.0 * PI))
}

/// Numbers normal around 0 with standard deviation 1 within ±2, float32, from one random word each:
/// √2 · erfinv(u), where u is uniform between ∓erf(√2).
#[track_caller]
pub fn truncated_normal(bits: &Tensor) -> Tensor {
    // erf(√2), the probability of ±2 standard deviations.
    let within = 0.954_499_736_103_641_6;
    erfinv((uniform(bits) * 2.0 - 1.0) * within) * SQRT_2
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::Array;

    use super::*;
    use crate::eval;

    /// 8,000 numbers of one key: the first moments are those of the distributions.
    #[test]
    fn moments_are_those_of_the_distributions() {
        let key = Array::from_slice(&[2], &[1_u32, 2]).unwrap();
        let counters: Vec<u32> = (0..16).collect();
        let counter = Array::from_slice(&[8, 2], &counters).unwrap();
        let result = eval(
            |x| {
                let bits = random_bits(&x[0], &x[1], 2000);
                vec![normal(&bits), truncated_normal(&bits)]
            },
            &[&key, &counter],
        );
        let result = result.unwrap();
        assert_eq!(result[0].shape(), [8, 1000]);
        let moment = |values: &[f64], power| {
            values.iter().map(|x| x.powi(power)).sum::<f64>() / values.len() as f64
        };
        let normal = result[0].to_f64();
        let found = [1, 2, 3, 4].map(|power| moment(&normal, power));
        let near = found.iter().zip([0.0, 1.0, 0.0, 3.0]).all(|(a, b)| (a - b).abs() < 0.12);
        assert!(near, "{found:?}");
        // The variance between ±2 is 1 − 4·φ(2) / erf(√2) = 0.7737.
        let truncated = result[1].to_f64();
        assert!(truncated.iter().all(|x| x.abs() <= 2.000_001));
        let found = [1, 2].map(|power| moment(&truncated, power));
        assert!(found[0].abs() < 0.03 && (found[1] - 0.7737).abs() < 0.03, "{found:?}");
    }
}
