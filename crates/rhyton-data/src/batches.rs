//! Batches of several columns: their order, the thread that prepares them ahead (`ahead`), and random
//! changes of images on the way.

use rhyton_tensor::{Array, philox4x32};

use crate::augmentation::Augmenter;
use crate::dataset::equal_rows;
use crate::{Augmentation, Error, Result, Rows};

mod ahead;

use ahead::{Ahead, Job};

/// Separates the shuffle's random numbers from every other use of the same seed.
const STREAM: u32 = 0x5348_5546;

/// How many batches are prepared before they are asked for, where that takes a while.
const AHEAD: usize = 2;

/// Takes rows of several columns together, a batch at a time, into buffers that are reused: after
/// the first batches none allocates. The last batch may be smaller.
///
/// Where rows stay in files or images are changed, batches are prepared ahead on a thread of their
/// own, in the same order and with the same values; the thread ends when this is dropped, and what
/// it fails with is the result of [`Batches::next_batch`]. Decoders of images allocate as they need.
#[derive(Debug)]
pub struct Batches<'a> {
    columns: Vec<Rows<'a>>,
    order: Vec<usize>,
    batch_size: usize,
    position: usize,
    /// Seed and number of the epoch, for random changes.
    epoch: (u64, u64),
    augmenter: Option<Augmenter>,
    ahead: Option<Ahead>,
    current: Job,
}

/// One batch.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The rows, one array for each column of [`Batches::new`], in that order.
    pub arrays: &'a [Array],
    /// Which samples they are.
    pub samples: &'a [usize],
}

impl<'a> Batches<'a> {
    /// Batches in the columns' own order; the names are for errors ([`crate::Dataset::columns`]).
    ///
    /// # Errors
    /// [`Error::BatchSize`]; [`Error::Rows`] naming the array whose rows differ from the first's;
    /// [`Error::NoSamples`] for rows without values.
    pub fn new(
        columns: &[(String, impl Into<Rows<'a>> + Copy)],
        batch_size: usize,
    ) -> Result<Self> {
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        let named: Vec<(String, Rows<'a>)> =
            columns.iter().map(|(name, column)| (name.clone(), (*column).into())).collect();
        let rows = equal_rows(&named)?;
        // A file may claim any number of rows that hold nothing; their order alone would be huge.
        if let Some((name, column)) =
            named.iter().find(|(_, column)| rows > 0 && column.shape().contains(&0))
        {
            return Err(Error::NoSamples { name: name.clone(), shape: column.shape().to_vec() });
        }
        let columns: Vec<Rows<'a>> = named.into_iter().map(|(_, column)| column).collect();
        Ok(Self {
            current: Job::new(columns.len()),
            columns,
            order: (0..rows).collect(),
            batch_size,
            position: 0,
            epoch: (0, 0),
            augmenter: None,
            ahead: None,
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

    /// Changes those of the first `inputs` columns whose samples are images, as
    /// [`Augmentation`] says; what is drawn follows from [`Batches::begin`].
    ///
    /// # Errors
    /// [`Error::Augmentation`] when none of the inputs is an image, or one is neither float32 nor
    /// uint8.
    pub fn augment(&mut self, augmentation: &Augmentation, inputs: usize) -> Result<()> {
        self.stop();
        self.augmenter = if augmentation.is_empty() {
            None
        } else {
            Some(Augmenter::new(augmentation, &self.columns, inputs)?)
        };
        Ok(())
    }

    /// Starts again at the first batch, in the columns' own order or in one that depends on seed and
    /// epoch only; random changes of images depend on these and the sample.
    pub fn begin(&mut self, seed: u64, epoch: u64, shuffle: bool) {
        self.stop();
        self.order.iter_mut().enumerate().for_each(|(index, place)| *place = index);
        if shuffle {
            permute(&mut self.order, seed, epoch);
        }
        self.epoch = (seed, epoch);
        self.position = 0;
    }

    /// Starts again at the first batch, in an order that depends on seed and epoch only.
    pub fn shuffle(&mut self, seed: u64, epoch: u64) {
        self.begin(seed, epoch, true);
    }

    /// Starts at a batch of the present order: 0 for the next epoch, another to resume.
    pub fn seek(&mut self, batch: usize) {
        self.stop();
        self.position = batch.saturating_mul(self.batch_size).min(self.order.len());
    }

    /// The next batch, or `None` at the epoch's end.
    ///
    /// # Errors
    /// What reading a column's file fails with; none for columns in memory, unless a row overflows
    /// the address space.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>> {
        let is_slow = self.augmenter.is_some()
            || self.columns.iter().any(|column| matches!(column, Rows::Stored(_)));
        let found = if is_slow { self.next_ahead()? } else { self.next_direct()? };
        let Job { arrays, samples, .. } = &self.current;
        Ok(found.then_some(Batch { arrays, samples }))
    }

    /// Makes the next batch here.
    fn next_direct(&mut self) -> Result<bool> {
        let end = self.position.saturating_add(self.batch_size).min(self.order.len());
        self.current.take(&self.columns, &self.order[self.position..end])?;
        self.position = end;
        Ok(!self.current.samples.is_empty())
    }

    /// Hands out as many batches as may be under way, and waits for the first of them.
    fn next_ahead(&mut self) -> Result<bool> {
        if self.ahead.is_none() {
            let stored = ahead::stored(&self.columns);
            self.ahead = Some(Ahead::start(stored, self.augmenter.clone(), self.epoch, AHEAD)?);
        }
        let Some(ahead) = &mut self.ahead else { return Ok(false) };
        while self.position < self.order.len()
            && let Some(mut job) = ahead.idle(self.columns.len())
        {
            let end = self.position.saturating_add(self.batch_size).min(self.order.len());
            job.take(&self.columns, &self.order[self.position..end])?;
            ahead.send(job)?;
            self.position = end;
        }
        ahead.receive(&mut self.current)
    }

    /// Ends the thread; what it has prepared is dropped.
    fn stop(&mut self) {
        self.ahead = None;
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
    use std::path::Path;

    use proptest::prelude::*;
    use rhyton_tensor::DType;

    use super::*;
    use crate::{Column, npz};

    fn named<'a>(arrays: &[(&str, &'a Array)]) -> Vec<(String, &'a Array)> {
        arrays.iter().map(|&(name, array)| (name.to_owned(), array)).collect()
    }

    /// Images, labels, and the same in a file that stays there.
    fn in_file(folder: &Path) -> [(String, Column); 2] {
        let pixels: Vec<f32> = (0..11 * 12).map(|place| (place % 17) as f32 / 17.0).collect();
        let x = Array::from_slice(&[11, 4, 3], &pixels).unwrap();
        let y = Array::from_slice(&[11], &(0..11).collect::<Vec<i32>>()).unwrap();
        let path = folder.join("d.npz");
        npz::write(&path, [("x", &x), ("y", &y)]).unwrap();
        npz::open(&path, 200).unwrap().try_into().unwrap()
    }

    fn lent(columns: &[(String, Column); 2]) -> Vec<(String, Rows<'_>)> {
        columns.iter().map(|(name, column)| (name.clone(), column.as_rows())).collect()
    }

    /// All that a run gives: the samples and the bytes of every batch.
    fn run(batches: &mut Batches<'_>) -> Vec<(Vec<usize>, Vec<u8>)> {
        let mut seen = Vec::new();
        while let Some(batch) = batches.next_batch().unwrap() {
            seen.push((batch.samples.to_vec(), batch.arrays[0].bytes().to_vec()));
        }
        seen
    }

    #[test]
    fn rows_in_files_come_as_from_memory() {
        let folder = tempfile::tempdir().unwrap();
        let columns = in_file(folder.path());
        assert!(matches!((&columns[0].1, &columns[1].1), (Column::Stored(_), Column::Array(_))));
        let memory = npz::read(&folder.path().join("d.npz")).unwrap();
        let memory = named(&[("x", &memory[0].1), ("y", &memory[1].1)]);
        let mut stored = Batches::new(&lent(&columns), 4).unwrap();
        let mut direct = Batches::new(&memory, 4).unwrap();
        assert_eq!(run(&mut stored), run(&mut direct));
        for epoch in 0..3 {
            stored.shuffle(5, epoch);
            direct.shuffle(5, epoch);
            let whole = run(&mut direct);
            assert_eq!(run(&mut stored), whole);
            // In the middle of an epoch, with batches under way.
            stored.seek(0);
            stored.next_batch().unwrap();
            stored.seek(1);
            assert_eq!(run(&mut stored), whole[1..]);
        }
    }

    #[test]
    fn changes_depend_on_seed_epoch_and_sample() {
        let folder = tempfile::tempdir().unwrap();
        let columns = in_file(folder.path());
        let changes = Augmentation::new().rotation(30.0).shift(0.2).brightness(0.1);
        let mut rows = std::collections::BTreeMap::new();
        for (batch_size, from) in [(1, 0), (4, 0), (11, 0), (4, 2)] {
            let mut batches = Batches::new(&lent(&columns), batch_size).unwrap();
            batches.augment(&changes, 1).unwrap();
            batches.begin(3, 8, true);
            batches.seek(from);
            for (samples, bytes) in run(&mut batches) {
                for (sample, row) in samples.into_iter().zip(bytes.chunks_exact(48)) {
                    let known = rows.entry(sample).or_insert_with(|| row.to_vec());
                    assert_eq!(row, known);
                }
            }
        }
        assert_eq!(rows.len(), 11);
        let mut batches = Batches::new(&lent(&columns), 11).unwrap();
        batches.augment(&changes, 1).unwrap();
        batches.begin(3, 9, false);
        let next = run(&mut batches).remove(0).1;
        assert!(next.chunks_exact(48).zip(rows.values()).all(|(row, before)| row != before));
    }

    #[test]
    fn a_file_that_is_cut_off_ends_the_epoch_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let columns = in_file(folder.path());
        let file = std::fs::File::options().write(true).open(folder.path().join("d.npz")).unwrap();
        file.set_len(400).unwrap();
        let mut batches = Batches::new(&lent(&columns), 2).unwrap();
        let mut failed = String::new();
        for _ in 0..6 {
            if let Err(error) = batches.next_batch() {
                failed = error.to_string();
                break;
            }
        }
        assert!(failed.contains("d.npz: array `x`: expected more bytes"), "{failed}");
        // Dropped with batches under way: the thread ends, or this test would never.
        drop(batches);
    }

    #[test]
    fn buffers_go_round() {
        let folder = tempfile::tempdir().unwrap();
        let columns = in_file(folder.path());
        let mut batches = Batches::new(&lent(&columns), 2).unwrap();
        let mut places = std::collections::BTreeSet::new();
        while let Some(batch) = batches.next_batch().unwrap() {
            places.insert(batch.arrays[0].bytes().as_ptr());
        }
        assert!(places.len() <= AHEAD + 1, "{}", places.len());
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
