use rhyton_tensor::DType;

use super::shaping::cast;
use crate::{RandomBits, Tensor};

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
