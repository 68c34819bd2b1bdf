use rhyton_graph::{Dim, Node, RandomBits};
use rhyton_tensor::{Array, DType};

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// Philox 4×32-10 in integer operations, all blocks at once. The words of a block's counter are
/// held in two tensors `[2, R, Q]`, for R rows of Q blocks: the even words c₀ and c₂ (as uint64,
/// for the products), and the odd words c₁ and c₃. A round makes
/// `c₀, c₁, c₂, c₃ = high(c₂)^c₁^k₀, low(c₂), high(c₀)^c₃^k₁, low(c₀)` of the products' halves: if
/// the even words are in one order, the new ones come in the other, and so do the odd ones.
impl Lower for RandomBits {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let rows = to.spec(node, 1).shape[0];
        let (key, counter) = (to.operand(node, 0)?, to.operand(node, 1)?);
        let counter = to.transpose(counter, &[1, 0])?;
        let counter = to.reshape(counter, &[Dim::fixed(2), rows], &columns(rows))?;
        let blocks = self.length.div_ceil(4);
        let mut even = first_even(counter, blocks, to)?;
        let keep_first = constant(&[2, 1, 1], &[1, 0], to)?;
        let mut odd = to.emit(c"Mul", &[counter, keep_first])?;
        for round in 0..ROUNDS {
            (even, odd) = step(round, (even, odd), key, to)?;
        }
        let words = to.pack(&[even, odd], 3)?;
        let words = to.transpose(words, &[1, 2, 0, 3])?;
        let row = Dim::fixed(blocks * 4);
        let pairs = [rows, Dim::fixed(blocks), Dim::fixed(2), Dim::fixed(2)];
        let words = to.reshape(words, &pairs, &[rows, row])?;
        if blocks * 4 == self.length {
            return Ok(words.into());
        }
        let (start, limit) = ([Dim::fixed(0); 2], [rows, Dim::fixed(self.length)]);
        Ok(to.slice(words, (&start, &limit), &[1, 1])?.into())
    }
}

/// `[2, R, 1]`
fn columns(rows: Dim) -> [Dim; 3] {
    [Dim::fixed(2), rows, Dim::ONE]
}

fn constant(shape: &[usize], values: &[u32], to: &mut Lowering<'_>) -> Result<Output> {
    to.constant(&Array::from_slice(shape, values).expect("the values fill the shape"))
}

/// c₀, a block's place in its row, and c₂, the counter's second word.
fn first_even(counter: Output, blocks: usize, to: &mut Lowering<'_>) -> Result<Output> {
    let mut places: Vec<u32> = (0..blocks as u32).collect();
    places.resize(2 * blocks, 0);
    let places = constant(&[2, 1, blocks], &places, to)?;
    let keep_second = constant(&[2, 1, 1], &[0, 1], to)?;
    let second = to.emit(c"Mul", &[counter, keep_second])?;
    to.emit(c"AddV2", &[places, second])
}

/// One round on the even and odd words; in even rounds the even words are in the order c₀, c₂ and
/// the odd ones c₁, c₃, in odd rounds both the other way.
fn step(
    round: u32,
    (even, odd): (Output, Output),
    key: Output,
    to: &mut Lowering<'_>,
) -> Result<(Output, Output)> {
    let turned = round % 2 == 1;
    let order = |pair: [u32; 2]| if turned { [pair[1], pair[0]] } else { pair };
    let multiplier = order(MULTIPLIER).map(u64::from);
    let multiplier = Array::from_slice(&[2, 1, 1], &multiplier).expect("two values");
    let multiplier = to.constant(&multiplier)?;
    let wide = to.convert(even, DType::U64)?;
    let product = to.emit(c"Mul", &[wide, multiplier])?;
    let half = to.scalar(DType::U64, 32.0)?;
    let high = to.emit(c"RightShift", &[product, half])?;
    let high = to.convert(high, DType::U32)?;
    let low = to.convert(product, DType::U32)?;
    let key = round_key(round, key, !turned, to)?;
    let first = to.integers([0])?;
    let swapped = to.emit(c"ReverseV2", &[odd, first])?;
    let mixed = to.emit(c"BitwiseXor", &[high, swapped])?;
    let mixed = to.emit(c"BitwiseXor", &[mixed, key])?;
    Ok((mixed, low))
}

/// The round's key as `[2, 1, 1]`: k₀, k₁, or the other way.
fn round_key(round: u32, key: Output, turned: bool, to: &mut Lowering<'_>) -> Result<Output> {
    let bump = WEYL.map(|word| word.wrapping_mul(round));
    let bump = constant(&[2], &bump, to)?;
    let mut key = to.emit(c"AddV2", &[key, bump])?;
    if turned {
        let first = to.integers([0])?;
        key = to.emit(c"ReverseV2", &[key, first])?;
    }
    to.reshape(key, &[Dim::fixed(2)], &[Dim::fixed(2), Dim::ONE, Dim::ONE])
}
