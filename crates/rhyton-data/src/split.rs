use std::collections::BTreeMap;

use crate::batches::permute;
use crate::error::Origin;
use crate::{Column, Dataset, Error, Result};

/// Rows of labels that are looked at together where they stay in a file.
const CHUNK_ROWS: usize = 65_536;

impl Dataset {
    /// Sets the last `fraction` of the samples apart for validation: the first
    /// `floor(n · (1 - fraction))` stay. Data that brings its own validation samples keeps those.
    ///
    /// # Errors
    /// [`Error::Split`] when either side would be empty; [`Error::Rows`].
    ///
    /// Source: Keras 3.15, `validation_split` of `Model.fit`.
    pub fn split_tail(mut self, fraction: f64) -> Result<Self> {
        let rows = self.rows()?;
        let at = kept(rows, fraction)?;
        if self.validation.is_some() {
            return Ok(self);
        }
        let tail = self.slice(at, rows)?;
        self = self.slice(0, at)?;
        self.validation = Some(Box::new(tail));
        Ok(self)
    }

    /// Sets `fraction` of the samples of every class apart for validation, so that both parts have
    /// the classes' shares; as many in all as [`Dataset::split_tail`] takes. Which samples is drawn
    /// from the seed; both parts keep the data's order. The target is one class number for each
    /// sample, or one row of which the largest value is the class. Data that brings its own
    /// validation samples keeps those.
    ///
    /// # Errors
    /// [`Error::Split`] when either side would be empty; [`Error::Content`] for targets that are no
    /// classes; [`Error::Rows`]; what reading a file fails with.
    pub fn split_stratified(mut self, fraction: f64, seed: u64) -> Result<Self> {
        let rows = self.rows()?;
        let held = rows - kept(rows, fraction)?;
        if self.validation.is_some() {
            return Ok(self);
        }
        let (training, validation) = draw(self.classes()?, rows, held, seed);
        let validation = self.select(&validation)?;
        self = self.select(&training)?;
        self.validation = Some(Box::new(validation));
        Ok(self)
    }

    /// Samples `start..end`, without the validation part; those in memory are copied.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Row`] when `end` is past the last sample.
    pub fn slice(&self, start: usize, end: usize) -> Result<Self> {
        self.map(|column| column.slice(start, end))
    }

    /// The named samples in this order, without the validation part; those in memory are copied.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Row`] for a sample that isn't there.
    pub fn select(&self, samples: &[usize]) -> Result<Self> {
        self.map(|column| column.select(samples))
    }

    /// The same set with other rows.
    fn map(&self, cut: impl Fn(&Column) -> Result<Column>) -> Result<Self> {
        let input = |(name, column): &(String, Column)| Ok((name.clone(), cut(column)?));
        Ok(Self {
            source: self.source.clone(),
            inputs: self.inputs.iter().map(input).collect::<Result<_>>()?,
            targets: self.targets.iter().map(&cut).collect::<Result<_>>()?,
            sample_weight: self.sample_weight.as_ref().map(&cut).transpose()?,
            validation: None,
        })
    }

    /// The samples of each class, in the data's order.
    fn classes(&self) -> Result<BTreeMap<i64, Vec<usize>>> {
        let refuse = |received: String| {
            let advice = "leave out stratify for other targets";
            let expected = "one class number or one row of classes for each sample";
            Origin::new(self.source.as_ref(), "targets").content(expected, received, advice)
        };
        let [target] = &self.targets[..] else {
            return Err(refuse(format!("{} arrays", self.targets.len())));
        };
        let width = match target.shape() {
            [_] => 1,
            [_, width] => *width,
            shape => return Err(refuse(format!("shape {shape:?}"))),
        };
        let mut classes: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        let mut chunks = target.as_rows().chunks(CHUNK_ROWS);
        while let Some((first, chunk)) = chunks.next_chunk()? {
            for (row, values) in chunk.to_f64().chunks_exact(width.max(1)).enumerate() {
                let class = class_of(values);
                if class.fract() != 0.0 || !class.is_finite() {
                    return Err(refuse(format!("{class} in sample {}", first + row)));
                }
                classes.entry(class as i64).or_default().push(first + row);
            }
        }
        Ok(classes)
    }
}

/// How many of the samples stay for training.
fn kept(rows: usize, fraction: f64) -> Result<usize> {
    let at = (rows as f64 * (1.0 - fraction)).floor();
    if at >= 1.0 && at < rows as f64 {
        return Ok(at as usize);
    }
    Err(Error::Split { fraction, rows })
}

/// The class that a target names: a number, or the place of a row's largest value.
fn class_of(values: &[f64]) -> f64 {
    match values {
        [number] => *number,
        _ => (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
            as f64,
    }
}

/// Both parts' samples. Every class gives its share rounded down; what is then missing is given by
/// the classes whose shares were cut most, lower class numbers first.
fn draw(
    classes: BTreeMap<i64, Vec<usize>>,
    rows: usize,
    held: usize,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    // In whole numbers: the share of a class is `count · held / rows`.
    let share = |count: usize| count as u128 * held as u128;
    let mut counts: Vec<usize> =
        classes.values().map(|samples| (share(samples.len()) / rows as u128) as usize).collect();
    let mut by_rest: Vec<usize> = (0..counts.len()).collect();
    let rests: Vec<u128> =
        classes.values().map(|samples| share(samples.len()) % rows as u128).collect();
    by_rest.sort_by_key(|&class| std::cmp::Reverse(rests[class]));
    let missing = held - counts.iter().sum::<usize>();
    by_rest.iter().take(missing).for_each(|&class| counts[class] += 1);
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for ((class, mut samples), count) in classes.into_iter().zip(counts) {
        permute(&mut samples, seed, class as u64);
        validation.extend(&samples[..count]);
        training.extend(&samples[count..]);
    }
    training.sort_unstable();
    validation.sort_unstable();
    (training, validation)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rhyton_tensor::Array;

    use super::*;

    #[test]
    fn the_tail_is_for_validation() {
        let x = Array::from_slice(&[10], &(0..10).collect::<Vec<i32>>()).unwrap();
        let mut all = Dataset::of(Path::new("d"), x.clone(), Some(x.clone()));
        all.sample_weight = Some(x.into());
        let split = all.clone().split_tail(0.25).unwrap();
        // floor(10 · 0.75) stay.
        assert_eq!(split.rows().unwrap(), 7);
        let tail = split.validation.unwrap();
        assert_eq!(tail.targets[0].array().unwrap().view::<i32>(), &[7, 8, 9]);
        assert_eq!(tail.sample_weight.as_ref().unwrap().shape(), &[3]);
        for fraction in [0.0, 1.0, 0.95, -1.0, 2.0, f64::NAN] {
            let refused = all.clone().split_tail(fraction);
            assert!(matches!(refused, Err(Error::Split { .. })), "{fraction}");
            assert!(all.clone().split_stratified(fraction, 0).is_err());
        }
        all.validation = Some(Box::new(all.slice(0, 1).unwrap()));
        assert_eq!(all.clone().split_tail(0.5).unwrap(), all);
        assert_eq!(all.clone().split_stratified(0.5, 1).unwrap(), all);
    }

    #[test]
    fn every_class_gives_its_share() {
        // 40 of class 0, 20 of class 1, 7 of class 5.
        let labels: Vec<i32> = (0..67)
            .map(|i| {
                if i < 40 {
                    0
                } else if i < 60 {
                    1
                } else {
                    5
                }
            })
            .collect();
        let y = Array::from_slice(&[67], &labels).unwrap();
        let x = Array::from_slice(&[67], &(0..67).collect::<Vec<i32>>()).unwrap();
        let all = Dataset::of(Path::new("d"), x, Some(y));
        let split = all.clone().split_stratified(0.2, 7).unwrap();
        let held = split.validation.as_ref().unwrap();
        // floor(67 · 0.8) = 53 stay; 14 = 8.36 + 4.18 + 1.46.
        assert_eq!(held.rows().unwrap(), 14);
        let of = |set: &Dataset, class| {
            let labels = set.targets[0].array().unwrap().view::<i32>().to_vec();
            labels.iter().filter(|label| **label == class).count()
        };
        assert_eq!([of(held, 0), of(held, 1), of(held, 5)], [8, 4, 2]);
        let ids = |set: &Dataset| set.inputs[0].1.array().unwrap().view::<i32>().to_vec();
        let mut both = [ids(&split), ids(held)].concat();
        assert!(ids(held).is_sorted());
        both.sort_unstable();
        assert_eq!(both, (0..67).collect::<Vec<_>>());
        assert_eq!(all.clone().split_stratified(0.2, 7).unwrap(), split);
        assert_ne!(all.split_stratified(0.2, 8).unwrap(), split);
    }

    #[test]
    fn targets_must_be_classes() {
        let x = Array::zeros(rhyton_tensor::DType::F32, &[4, 2]);
        let y = Array::from_slice(&[4], &[0.0_f32, 0.5, 1.0, 1.0]).unwrap();
        let set = |y: Array| Dataset::of(Path::new("d.npz"), x.clone(), Some(y));
        insta::assert_snapshot!(set(y).split_stratified(0.5, 0).unwrap_err(), @"d.npz: targets: expected one class number or one row of classes for each sample, received 0.5 in sample 1; leave out stratify for other targets");
        let rows =
            Array::from_slice(&[4, 2], &[1.0_f32, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]).unwrap();
        let split = set(rows).split_stratified(0.5, 0).unwrap();
        let held = split.validation.unwrap().targets[0].array().unwrap().view::<f32>().to_vec();
        assert_eq!(held, [1.0, 0.0, 0.0, 1.0]);
        let image = Array::zeros(rhyton_tensor::DType::F32, &[4, 2, 2]);
        assert!(set(image).split_stratified(0.5, 0).is_err());
    }
}
