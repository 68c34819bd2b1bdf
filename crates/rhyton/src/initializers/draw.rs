use rhyton_tensor::{Array, DType, Key, philox4x32, standard_normal, uniform_f32, volume};

use crate::Result;

/// Words of a Philox block.
const WORDS: usize = 4;

/// Streams of one key that never meet: the last word of the counter.
const PLAIN: u32 = 0;
const TRUNCATED: u32 = 1;

/// Numbers uniform on [low, high], each element from its own random word.
pub(super) fn uniform(shape: &[usize], key: Key, [low, high]: [f64; 2]) -> Result<Array> {
    fill(shape, |element| {
        let word = block(key, element / WORDS, 0, PLAIN)[element % WORDS];
        low + (high - low) * f64::from(uniform_f32(word))
    })
}

/// Normal numbers.
pub(super) fn normal(shape: &[usize], key: Key, [mean, stddev]: [f64; 2]) -> Result<Array> {
    fill(shape, |element| mean + stddev * standard(key, element))
}

/// Normal numbers no farther than two standard deviations from their mean, others drawn again.
pub(super) fn truncated(shape: &[usize], key: Key, [mean, stddev]: [f64; 2]) -> Result<Array> {
    fill(shape, |element| {
        let mut tries =
            (0..u32::MAX).flat_map(|attempt| normals(block(key, element, attempt, TRUNCATED)));
        let draw = tries.find(|draw| draw.abs() <= 2.0);
        mean + stddev * draw.expect("one of 2^34 normal numbers is within two deviations")
    })
}

/// The normal number at a place of the key's stream.
pub(super) fn standard(key: Key, element: usize) -> f64 {
    normals(block(key, element / WORDS, 0, PLAIN))[element % WORDS]
}

fn normals([a, b, c, d]: [u32; WORDS]) -> [f64; WORDS] {
    let ([first, second], [third, fourth]) = (standard_normal([a, b]), standard_normal([c, d]));
    [first, second, third, fourth]
}

fn block(key: Key, place: usize, attempt: u32, stream: u32) -> [u32; WORDS] {
    philox4x32(key, [place as u32, (place as u64 >> 32) as u32, attempt, stream])
}

fn fill(shape: &[usize], value: impl Fn(usize) -> f64) -> Result<Array> {
    volume(shape)?;
    let mut array = Array::zeros(DType::F32, shape);
    let places = array.values_mut::<f32>()?.iter_mut().enumerate();
    places.for_each(|(element, place)| *place = value(element) as f32);
    Ok(array)
}

/// An array with one value in every place.
pub(super) fn full(shape: &[usize], value: f64) -> Result<Array> {
    volume(shape)?;
    Ok(Array::full(DType::F32, shape, value))
}
