use std::path::Path;

use rhyton_tensor::{Array, volume};

use crate::error::Origin;
use crate::{Column, Error, Result, Rows};

/// Samples, in memory or left in files: one row per sample in every column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dataset {
    /// Where it came from, for messages.
    pub source: String,
    /// The inputs by name, in the model's order once [`Dataset::reshape_inputs_to`] has run.
    pub inputs: Vec<(String, Column)>,
    /// The targets in the order of the model's outputs; none if the data has none.
    pub targets: Vec<Column>,
    /// One weight per sample.
    pub sample_weight: Option<Column>,
    /// Samples that the data itself sets apart for validation.
    pub validation: Option<Box<Self>>,
}

/// What a model wants of one input.
#[derive(Debug, Clone, Copy)]
pub struct InputShape<'a> {
    /// The input's name.
    pub name: &'a str,
    /// The shape of one sample, without the batch; `None` is any size.
    pub sample: &'a [Option<usize>],
}

impl Dataset {
    /// A set of one input `x` and perhaps one target.
    pub fn of(source: &Path, x: impl Into<Column>, y: Option<impl Into<Column>>) -> Self {
        Self {
            source: source.display().to_string(),
            inputs: vec![("x".into(), x.into())],
            targets: y.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// A set from named arrays as an `.npz` holds them: inputs `x`, or `x0`, `x1`, …, or the
    /// model's own names; targets `y`, or `y0`, `y1`, …; `sample_weight`; and with `_val` behind
    /// these names the same for validation.
    ///
    /// # Errors
    /// [`Error::Content`] when there is no input or a number is missing from a sequence;
    /// [`Error::Rows`] and [`Error::NoSamples`].
    pub fn from_arrays(
        source: &Path,
        arrays: impl IntoIterator<Item = (String, impl Into<Column>)>,
    ) -> Result<Self> {
        let arrays = arrays.into_iter().map(|(name, array)| (name, array.into()));
        let (validation, training): (Vec<_>, Vec<_>) =
            arrays.partition(|(name, _)| validation_name(name).is_some());
        let mut result = Self::from_group(source, training)?;
        if !validation.is_empty() {
            let rename = |(name, array): (String, Column)| {
                (validation_name(&name).map_or(name.clone(), str::to_owned), array)
            };
            let group = validation.into_iter().map(rename).collect();
            result.validation = Some(Box::new(Self::from_group(source, group)?));
        }
        result.rows()?;
        Ok(result)
    }

    fn from_group(source: &Path, arrays: Vec<(String, Column)>) -> Result<Self> {
        let mut result = Self { source: source.display().to_string(), ..Self::default() };
        let names: Vec<String> = arrays.iter().map(|(name, _)| name.clone()).collect();
        let mut targets = Vec::new();
        for (name, array) in arrays {
            match name.as_str() {
                "sample_weight" => result.sample_weight = Some(array),
                name if number(name, 'y').is_some() => targets.push((name.to_owned(), array)),
                _ => result.inputs.push((name, array)),
            }
        }
        let origin = Origin::new(source, "arrays");
        if result.inputs.is_empty() {
            let expected = "inputs named `x`, or `x0`, `x1`, …, or like the model's inputs";
            let advice = "name the arrays, e.g. numpy.savez(file, x=images, y=labels)";
            return Err(origin.content(expected, format!("{names:?}"), advice));
        }
        if result.inputs.iter().all(|(name, _)| number(name, 'x').is_some()) {
            in_sequence(&mut result.inputs, 'x', origin)?;
        }
        in_sequence(&mut targets, 'y', origin)?;
        result.targets = targets.into_iter().map(|(_, array)| array).collect();
        Ok(result)
    }

    /// The number of samples, after checking that every array has as many rows, validation's own
    /// arrays included.
    ///
    /// # Errors
    /// [`Error::Rows`] naming the array that differs; [`Error::NoSamples`].
    pub fn rows(&self) -> Result<usize> {
        if let Some(validation) = &self.validation {
            validation.rows().map_err(of_validation)?;
        }
        let columns = self.columns();
        for (name, column) in &columns {
            let shape = column.shape();
            if shape.is_empty() || shape.contains(&0) {
                return Err(Error::NoSamples { name: name.clone(), shape: shape.to_vec() });
            }
        }
        equal_rows(&columns)
    }

    /// Inputs, targets and weights with the names they have in files, in this order.
    pub fn columns(&self) -> Vec<(String, Rows<'_>)> {
        let inputs = self.inputs.iter().map(|(name, column)| (name.clone(), column.as_rows()));
        let single = self.targets.len() == 1;
        let targets = self.targets.iter().enumerate().map(|(index, column)| {
            let name = if single { "y".to_owned() } else { format!("y{index}") };
            (name, column.as_rows())
        });
        let weights = self.sample_weight.iter();
        let weight = weights.map(|column| ("sample_weight".to_owned(), column.as_rows()));
        inputs.chain(targets).chain(weight).collect()
    }

    /// Checks that there are targets to train on or to compare with.
    ///
    /// # Errors
    /// [`Error::Content`] naming the source.
    pub fn require_targets(&self) -> Result<()> {
        if !self.targets.is_empty() {
            return Ok(());
        }
        let advice = "add the labels: `y` in an .npz, a first column `label` in a .csv, the \
                      labels file beside IDX images";
        Err(Origin::new(self.source.as_ref(), "targets").content("an array `y`", "none", advice))
    }

    /// Orders the inputs as the model wants them and gives each the model's name and shape, here
    /// and in the validation part. Names decide; else `x`, or `x0`, `x1`, … by position; a sole
    /// array fits a sole input. An input whose shape differs is reshaped if its number of values
    /// per sample agrees, so that `[n, 28, 28]`, `[n, 28, 28, 1]` and `[n, 784]` are the same.
    ///
    /// # Errors
    /// [`Error::Inputs`]; [`Error::Shape`].
    pub fn reshape_inputs_to(&mut self, expected: &[InputShape<'_>]) -> Result<()> {
        if let Some(validation) = &mut self.validation {
            validation.reshape_inputs_to(expected)?;
        }
        let by_position = self.inputs.len() == expected.len()
            && (expected.len() == 1
                || self.inputs.iter().all(|(name, _)| number(name, 'x').is_some()));
        let by_name = self.inputs.len() == expected.len()
            && expected.iter().all(|input| self.inputs.iter().any(|(name, _)| name == input.name));
        if by_name {
            let place = |name: &str| expected.iter().position(|input| input.name == name);
            self.inputs.sort_by_key(|(name, _)| place(name));
        } else if !by_position {
            return Err(Error::Inputs {
                expected: expected.iter().map(|input| input.name.to_owned()).collect(),
                received: self.inputs.iter().map(|(name, _)| name.clone()).collect(),
            });
        }
        for ((name, column), input) in self.inputs.iter_mut().zip(expected) {
            fit_column(column, input)?;
            input.name.clone_into(name);
        }
        Ok(())
    }
}

/// Gives a column the shape of the model's input.
fn fit_column(column: &mut Column, input: &InputShape<'_>) -> Result<()> {
    if let Column::Stored(stored) = &*column
        && let Some(fitted) = stored.fitted(input.sample)
    {
        *column = Column::Stored(fitted);
    }
    let received = column.shape().get(1..).ok_or(rhyton_tensor::Error::Scalar)?.to_vec();
    let sample = fitted(input.sample, &received).ok_or_else(|| Error::Shape {
        name: input.name.to_owned(),
        expected: input.sample.to_vec(),
        received: received.clone(),
    })?;
    if sample != received {
        match column {
            Column::Array(array) => {
                let shape: Vec<usize> = std::iter::once(array.shape()[0]).chain(sample).collect();
                let empty = Array::zeros(array.dtype(), &[0]);
                *array = std::mem::replace(array, empty).reshaped(&shape)?;
            }
            Column::Stored(stored) => *stored = stored.reshaped(&sample)?,
        }
    }
    Ok(())
}

/// The common number of rows of columns that are taken sample by sample.
pub(crate) fn equal_rows(columns: &[(String, Rows<'_>)]) -> Result<usize> {
    let rows = |column: &Rows<'_>| column.shape().first().copied();
    let Some((first, column)) = columns.first() else { return Ok(0) };
    let expected = rows(column).ok_or(rhyton_tensor::Error::Scalar)?;
    for (name, column) in columns {
        let rows = rows(column).ok_or(rhyton_tensor::Error::Scalar)?;
        if rows != expected {
            return Err(Error::Rows { name: name.clone(), rows, first: first.clone(), expected });
        }
    }
    Ok(expected)
}

/// The number in `x3`; 0 for a bare `x`.
fn number(name: &str, letter: char) -> Option<usize> {
    match name.strip_prefix(letter)? {
        "" => Some(0),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}

/// A failure with the names that arrays for validation have in files.
fn of_validation(error: Error) -> Error {
    match error {
        Error::NoSamples { name, shape } => Error::NoSamples { name: format!("{name}_val"), shape },
        Error::Rows { name, rows, first, expected } => {
            let (name, first) = (format!("{name}_val"), format!("{first}_val"));
            Error::Rows { name, rows, first, expected }
        }
        other => other,
    }
}

/// The name without `_val`, for the names that may have it.
fn validation_name(name: &str) -> Option<&str> {
    let plain = name.strip_suffix("_val")?;
    let known = number(plain, 'x').or(number(plain, 'y')).is_some() || plain == "sample_weight";
    known.then_some(plain)
}

/// Sorts `x2, x0, x1` by number; each from 0 on must be there once.
fn in_sequence(arrays: &mut [(String, Column)], letter: char, origin: Origin<'_>) -> Result<()> {
    arrays.sort_by_key(|(name, _)| number(name, letter));
    let gap = arrays.iter().enumerate().find(|(index, (name, _))| {
        number(name, letter) != Some(*index) || (arrays.len() > 1 && name.len() == 1)
    });
    let Some((index, (name, _))) = gap else { return Ok(()) };
    let expected = format!("`{letter}{index}`");
    let advice = "number the arrays 0, 1, 2, … in the model's order";
    Err(origin.content(expected, format!("`{name}`"), advice))
}

/// The shape that a sample gets: its own if it fits, else the expected one if the number of values
/// agrees (one unknown size is inferred).
fn fitted(expected: &[Option<usize>], received: &[usize]) -> Option<Vec<usize>> {
    let fits = |(want, &size): (&Option<usize>, &usize)| want.is_none_or(|want| want == size);
    if expected.len() == received.len() && expected.iter().zip(received).all(fits) {
        return Some(received.to_vec());
    }
    let count = volume(received).ok()?;
    let known = volume(&expected.iter().flatten().copied().collect::<Vec<_>>()).ok()?;
    let unknown = expected.iter().filter(|size| size.is_none()).count();
    let inferred = count.checked_div(known)?;
    let agrees = known * inferred == count && (unknown == 1 || (unknown == 0 && inferred == 1));
    agrees.then(|| expected.iter().map(|size| size.unwrap_or(inferred)).collect())
}

#[cfg(test)]
mod tests;
