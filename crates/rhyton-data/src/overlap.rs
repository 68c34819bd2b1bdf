//! Whether samples for validation are copies of samples that are trained on.
//!
//! Equal samples are found by a hash of their bytes. Changed copies of images (small rotations,
//! shifts and zooms) are found in two steps: a coarse picture of every image, its centre and size
//! normalized by its moments, gives the few training images that look most alike; these are aligned
//! with the validation image by an affine map, and what is left then is next to nothing for a copy,
//! but not for another image of the same kind. Both steps work on a bounded number of samples.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rhyton_tensor::{Array, DType};

use crate::{Result, Rows};

mod align;
mod coarse;
mod picture;

use coarse::{Coarse, Index};
use picture::{Frame, Picture};

/// Samples that are hashed, of either side.
const HASHED_MAX: usize = 65_536;
/// Training images that are looked at, and validation images that are looked for.
const TRAINING_MAX: usize = 32_768;
const VALIDATION_MAX: usize = 256;
/// Samples that are read at once.
const CHUNK_ROWS: usize = 1024;
/// Training images that are aligned with a validation image.
const CANDIDATES: usize = 4;
/// The share of a validation image's variance that may remain; measured in the tests.
const RESIDUAL_MAX: f32 = 0.012;

/// What validation samples have in common with training samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Validation samples that were compared byte by byte, and those that are equal to one that is
    /// trained on.
    pub compared: usize,
    /// See `compared`.
    pub equal: usize,
    /// Validation images, not equal ones, that were looked for among changed copies, and those that
    /// are such copies.
    pub aligned: usize,
    /// See `aligned`.
    pub changed: usize,
    /// The first validation sample found, and the training sample that it copies.
    pub example: Option<(usize, usize)>,
}

impl Overlap {
    /// Whether it is more than chance brings: an equal sample in a hundred, or three changed copies
    /// that are one in fifty.
    pub fn is_suspect(&self) -> bool {
        self.equal * 100 > self.compared || (self.changed >= 3 && self.changed * 50 > self.aligned)
    }

    /// Compares validation samples with training samples; of more than 65,536 an even choice, and
    /// for changed copies 256 of the one with 32,768 of the other. Samples of rank 2, of rank 3 with
    /// 1 or 3 channels at either end, and of a square number of values are images.
    ///
    /// # Errors
    /// What reading a file fails with.
    pub fn find(training: Rows<'_>, validation: Rows<'_>) -> Result<Self> {
        let mut found = Self::default();
        if training.shape().get(1..) != validation.shape().get(1..) {
            return Ok(found);
        }
        let Some(sample) = training.shape().get(1..) else { return Ok(found) };
        let equal = found.compare(training, validation)?;
        if let Some(frame) = Frame::of(sample) {
            let mut wanted: Vec<(usize, Picture)> = Vec::new();
            each(validation, VALIDATION_MAX, |row, _, values| {
                if !equal.contains(&row) {
                    wanted.push((row, frame.picture(values)));
                }
            })?;
            wanted.retain(|(_, picture)| !picture.is_plain());
            found.align(training, &wanted, frame)?;
        }
        Ok(found)
    }

    /// The validation samples that are equal to a training sample.
    fn compare(&mut self, training: Rows<'_>, validation: Rows<'_>) -> Result<HashSet<usize>> {
        let mut known = HashMap::new();
        each(training, HASHED_MAX, |row, bytes, _| {
            known.entry(hash(bytes)).or_insert(row);
        })?;
        let mut equal = HashSet::new();
        each(validation, HASHED_MAX, |row, bytes, _| {
            self.compared += 1;
            if let Some(&copied) = known.get(&hash(bytes)) {
                equal.insert(row);
                self.example.get_or_insert((row, copied));
            }
        })?;
        self.equal = equal.len();
        Ok(equal)
    }

    fn align(
        &mut self,
        training: Rows<'_>,
        wanted: &[(usize, Picture)],
        frame: Frame,
    ) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut index = Index::default();
        each(training, TRAINING_MAX, |row, _, values| {
            index.push(row, &Coarse::of(&frame.picture(values), 0.0));
        })?;
        let mut one = Array::zeros(DType::U8, &[0]);
        self.aligned = wanted.len();
        for (row, picture) in wanted {
            for (candidate, turn) in index.nearest(picture, CANDIDATES) {
                training.gather_into(&[candidate], &mut one)?;
                let other = frame.picture(&one.to_f64());
                if residual(&other, picture, turn) <= RESIDUAL_MAX {
                    self.changed += 1;
                    self.example.get_or_insert((*row, candidate));
                    break;
                }
            }
        }
        Ok(())
    }
}

/// What is left when one image is laid over the other: whichever of them is the sharper one, it is
/// the one that was not interpolated.
fn residual(training: &Picture, validation: &Picture, turn: f32) -> f32 {
    let there = align::residual(training, validation, turn);
    there.min(align::residual(validation, training, -turn))
}

/// Calls `visit` with number, bytes and values of an even choice of at most `count_max` rows.
fn each(
    rows: Rows<'_>,
    count_max: usize,
    mut visit: impl FnMut(usize, &[u8], &[f64]),
) -> Result<()> {
    let count = rows.count().min(count_max);
    let chosen: Vec<usize> = (0..count)
        .map(|place| (place as u128 * rows.count() as u128 / count as u128) as usize)
        .collect();
    let mut chunk = Array::zeros(DType::U8, &[0]);
    for some in chosen.chunks(CHUNK_ROWS) {
        rows.gather_into(some, &mut chunk)?;
        let values = chunk.to_f64();
        let (row_bytes, width) = (chunk.bytes().len() / some.len(), values.len() / some.len());
        let pairs =
            chunk.bytes().chunks_exact(row_bytes.max(1)).zip(values.chunks_exact(width.max(1)));
        for (&row, (bytes, values)) in some.iter().zip(pairs) {
            visit(row, bytes, values);
        }
    }
    Ok(())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
