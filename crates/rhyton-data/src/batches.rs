use rhyton_tensor::{Array, DType, philox4x32};

use crate::dataset::equal_rows;
use crate::{Error, Result};

/// Separates the shuffle's random numbers from every other use of the same seed.
const STREAM: u32 = 0x5348_5546;

/// Takes rows of several arrays together, a batch at a time, into buffers that are reused: after
/// the first epoch no batch allocates. The last batch may be smaller.
#[derive(Debug)]
pub struct Batches<'a> {
    arrays: Vec<&'a Array>,
    order: Vec<usize>,
    batch_size: usize,
    position: usize,
    buffers: Vec<Array>,
}

/// One batch.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The rows, one array for each array of [`Batches::new`], in that order.
    pub arrays: &'a [Array],
    /// Which samples they are.
    pub samples: &'a [usize],
}

impl<'a> Batches<'a> {
    /// Batches in the arrays' own order; the names are for errors ([`crate::Dataset::arrays`]).
    ///
    /// # Errors
    /// [`Error::BatchSize`]; [`Error::Rows`] naming the array whose rows differ from the first's;
    /// [`Error::NoSamples`] for rows without values.
    pub fn new(arrays: &[(String, &'a Array)], batch_size: usize) -> Result<Self> {
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        let rows = equal_rows(arrays)?;
        // A file may claim any number of rows that hold nothing; their order alone would be huge.
        if let Some((name, array)) = arrays.iter().find(|(_, array)| rows > 0 && array.is_empty()) {
            return Err(Error::NoSamples { name: name.clone(), shape: array.shape().to_vec() });
        }
        Ok(Self {
            arrays: arrays.iter().map(|&(_, array)| array).collect(),
            order: (0..rows).collect(),
            batch_size,
            position: 0,
            buffers: vec![Array::zeros(DType::U8, &[0]); arrays.len()],
        })
    }

    /// The number of samples.
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// The number of batches in an epoch, a last partial one included.
    pub fn count(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// Starts again at the first batch, in an order that depends on seed and epoch only.
    pub fn shuffle(&mut self, seed: u64, epoch: u64) {
        self.order.iter_mut().enumerate().for_each(|(index, place)| *place = index);
        permute(&mut self.order, seed, epoch);
        self.position = 0;
    }

    /// Starts at a batch of the present order: 0 for the next epoch, another to resume.
    pub fn seek(&mut self, batch: usize) {
        self.position = batch.saturating_mul(self.batch_size).min(self.order.len());
    }

    /// The next batch, or `None` at the epoch's end.
    ///
    /// # Errors
    /// None after a successful [`Batches::new`], unless an array's row overflows the address space.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>> {
        let end = self.position.saturating_add(self.batch_size).min(self.order.len());
        let samples = &self.order[self.position..end];
        if samples.is_empty() {
            return Ok(None);
        }
        for (array, buffer) in self.arrays.iter().zip(&mut self.buffers) {
            array.gather_rows_into(samples, buffer)?;
        }
        self.position = end;
        Ok(Some(Batch { arrays: &self.buffers, samples }))
    }
}

/// Shuffles in place: Fisher-Yates with Philox words keyed by the seed and counted by epoch and
/// step, so that any epoch's order can be made again on any machine.
pub fn permute<T>(items: &mut [T], seed: u64, epoch: u64) {
    let key = [seed as u32, (seed >> 32) as u32 ^ STREAM];
    let epoch = [epoch as u32, (epoch >> 32) as u32];
    let mut block = 0_u64;
    let mut word = || {
        let counter = [block as u32, (block >> 32) as u32, epoch[0], epoch[1]];
        block += 1;
        let words = philox4x32(key, counter);
        u64::from(words[0]) | u64::from(words[1]) << 32
    };
    for last in (1..items.len()).rev() {
        items.swap(last, below(last as u64 + 1, &mut word) as usize);
    }
}

/// A number uniform on `0..bound`, without bias.
///
/// Source: D. Lemire, "Fast random integer generation in an interval", 2019.
fn below(bound: u64, word: &mut impl FnMut() -> u64) -> u64 {
    loop {
        let product = u128::from(word()) * u128::from(bound);
        // The low half below 2^64 mod bound would make some numbers more likely.
        if product as u64 >= bound.wrapping_neg() % bound {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named<'a>(arrays: &[(&str, &'a Array)]) -> Vec<(String, &'a Array)> {
        arrays.iter().map(|&(name, array)| (name.to_owned(), array)).collect()
    }

    #[test]
    fn the_last_batch_is_partial_and_buffers_are_reused() {
        let x = Array::from_slice(&[5, 2], &(0..10).collect::<Vec<i32>>()).unwrap();
        let y = Array::from_slice(&[5], &[0_u8, 1, 2, 3, 4]).unwrap();
        let mut batches = Batches::new(&named(&[("x", &x), ("y", &y)]), 2).unwrap();
        assert_eq!((batches.rows(), batches.count()), (5, 3));
        let mut seen = Vec::new();
        let first = batches.next_batch().unwrap().unwrap().arrays[0].bytes().as_ptr();
        batches.seek(0);
        while let Some(batch) = batches.next_batch().unwrap() {
            assert_eq!(batch.arrays[0].bytes().as_ptr(), first);
            assert_eq!(batch.arrays[0].view::<i32>()[0], 2 * i32::from(batch.arrays[1].bytes()[0]));
            seen.push(batch.samples.to_vec());
        }
        assert_eq!(seen, [vec![0, 1], vec![2, 3], vec![4]]);
        batches.seek(2);
        assert_eq!(batches.next_batch().unwrap().unwrap().samples, [4]);
        batches.seek(usize::MAX);
        assert!(batches.next_batch().unwrap().is_none());
    }

    #[test]
    fn epochs_differ_and_can_be_made_again() {
        let x = Array::from_slice(&[100], &(0..100).collect::<Vec<i32>>()).unwrap();
        let mut batches = Batches::new(&named(&[("x", &x)]), 100).unwrap();
        let mut epoch = |seed, epoch| {
            batches.shuffle(seed, epoch);
            batches.next_batch().unwrap().unwrap().samples.to_vec()
        };
        let first = epoch(1, 0);
        assert_ne!(first, epoch(1, 1));
        assert_ne!(first, epoch(2, 0));
        assert_eq!(first, epoch(1, 0));
    }

    #[test]
    fn rows_must_agree() {
        let x = Array::zeros(DType::F32, &[3, 2]);
        let y = Array::zeros(DType::I32, &[2]);
        let error = Batches::new(&named(&[("x", &x), ("y", &y)]), 1).unwrap_err();
        insta::assert_snapshot!(error, @"data: array `y` has 2 rows but `x` has 3; every array needs one row per sample");
        assert!(matches!(Batches::new(&named(&[("x", &x)]), 0), Err(Error::BatchSize)));
        let hollow = Array::zeros(DType::F32, &[1 << 60, 0]);
        let error = Batches::new(&named(&[("x", &hollow)]), 1).unwrap_err();
        assert!(matches!(error, Error::NoSamples { .. }));
    }

    #[test]
    fn every_order_is_equally_likely() {
        let mut counts = std::collections::HashMap::new();
        for epoch in 0..24_000 {
            let mut items = [0, 1, 2, 3];
            permute(&mut items, 7, epoch);
            *counts.entry(items).or_insert(0_i32) += 1;
        }
        // Chi-squared with 23 degrees of freedom exceeds 50 once in a thousand.
        let chi: i32 = counts.values().map(|count| (count - 1000).pow(2)).sum();
        assert!(counts.len() == 24 && chi < 50_000, "{chi}");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_permutation_keeps_all_items(length in 0_usize..300, seed: u64, epoch: u64) {
            let mut items: Vec<usize> = (0..length).collect();
            permute(&mut items, seed, epoch);
            items.sort_unstable();
            prop_assert_eq!(items, (0..length).collect::<Vec<_>>());
        }
    }
}
