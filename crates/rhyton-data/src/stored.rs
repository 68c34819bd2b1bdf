use std::sync::Arc;

use rhyton_tensor::{Array, DType, volume};

use crate::{Error, Result};

/// Where rows that stay in files come from.
pub(crate) trait ReadRows: std::fmt::Debug + Send + Sync {
    fn dtype(&self) -> DType;

    /// The shape of one row.
    fn sample(&self) -> &[usize];

    /// The number of rows.
    fn rows(&self) -> usize;

    /// Reads rows that follow each other, as many as fill `place`; elements are little-endian.
    fn read(&self, first: usize, place: &mut [u8]) -> Result<()>;

    /// The same rows in a shape that a model wants, where that takes more than another view.
    fn fitted(&self, _expected: &[Option<usize>]) -> Option<Arc<dyn ReadRows>> {
        None
    }
}

/// Rows that stay in files: an array of an uncompressed `.npz` or an `.npy`, or a folder of images.
///
/// They are read by position, batch by batch. A memory map would do the same with less code, but
/// its pages count as the process' memory, and a file that is cut off while it is mapped ends the
/// process; a positioned read is safe code and returns an error.
#[derive(Debug, Clone)]
pub struct Stored {
    source: Arc<dyn ReadRows>,
    shape: Vec<usize>,
    /// Which of the source's rows these are.
    selection: Selection,
}

#[derive(Debug, Clone, PartialEq)]
enum Selection {
    /// As many as the shape says, from this one on.
    From(usize),
    These(Arc<[usize]>),
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source)
            && self.shape == other.shape
            && self.selection == other.selection
    }
}

impl Stored {
    pub(crate) fn new(source: Arc<dyn ReadRows>) -> Self {
        let shape = std::iter::once(source.rows()).chain(source.sample().iter().copied()).collect();
        Self { source, shape, selection: Selection::From(0) }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.source.dtype()
    }

    /// The size along each axis, samples first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The rows under another shape of one sample.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Length`] if the numbers of elements differ.
    pub(crate) fn reshaped(&self, sample: &[usize]) -> Result<Self> {
        let (expected, received) = (volume(sample)?, volume(&self.shape[1..])?);
        let shape: Vec<usize> =
            std::iter::once(self.shape[0]).chain(sample.iter().copied()).collect();
        if expected != received {
            return Err(rhyton_tensor::Error::Length { shape, expected, received }.into());
        }
        Ok(Self { shape, ..self.clone() })
    }

    /// The rows as the source itself brings them into a model's shape, if it can.
    pub(crate) fn fitted(&self, expected: &[Option<usize>]) -> Option<Self> {
        let source = self.source.fitted(expected)?;
        let mut fitted = Self::new(source);
        fitted.shape[0] = self.shape[0];
        fitted.selection = self.selection.clone();
        Some(fitted)
    }

    /// Rows `start..end`, which stay where they are.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Result<Self> {
        let rows = self.shape[0];
        if end > rows || start > end {
            return Err(rhyton_tensor::Error::Row { row: start.max(end), rows }.into());
        }
        let selection = match &self.selection {
            Selection::From(first) => Selection::From(first + start),
            Selection::These(these) => Selection::These(these[start..end].into()),
        };
        Ok(self.with(selection, end - start))
    }

    /// The named rows, which stay where they are.
    pub(crate) fn select(&self, rows: &[usize]) -> Result<Self> {
        let these: Arc<[usize]> = rows.iter().map(|&row| self.place(row)).collect::<Result<_>>()?;
        Ok(self.with(Selection::These(these), rows.len()))
    }

    fn with(&self, selection: Selection, rows: usize) -> Self {
        let mut result = Self { selection, ..self.clone() };
        result.shape[0] = rows;
        result
    }

    /// The source's number of a row.
    fn place(&self, row: usize) -> Result<usize> {
        let rows = self.shape[0];
        if row >= rows {
            return Err(rhyton_tensor::Error::Row { row, rows }.into());
        }
        Ok(match &self.selection {
            Selection::From(first) => first + row,
            Selection::These(these) => these[row],
        })
    }

    /// Reads the named rows into `target`; rows that follow each other are read at once.
    pub(crate) fn gather_into(&self, rows: &[usize], target: &mut Array) -> Result<()> {
        let sample = &self.shape[1..];
        let row_bytes = volume(sample)? * self.dtype().size_bytes();
        target.resize(self.dtype(), rows.len(), sample);
        if row_bytes == 0 {
            return Ok(());
        }
        let bytes = target.bytes_mut();
        let mut done = 0;
        while done < rows.len() {
            let first = self.place(rows[done])?;
            let mut count = 1;
            while done + count < rows.len() && self.place(rows[done + count])? == first + count {
                count += 1;
            }
            let place = &mut bytes[done * row_bytes..(done + count) * row_bytes];
            self.source.read(first, place)?;
            done += count;
        }
        if self.dtype() == DType::Bool {
            for byte in bytes {
                *byte = u8::from(*byte != 0);
            }
        }
        Ok(())
    }

    /// All rows as an array in memory.
    ///
    /// # Errors
    /// [`Error::Array`] when no memory could hold them; what reading fails with.
    pub fn to_array(&self) -> Result<Array, Error> {
        volume(&self.shape)?;
        let mut array = Array::zeros(self.dtype(), &[0]);
        self.gather_into(&(0..self.shape[0]).collect::<Vec<_>>(), &mut array)?;
        Ok(array)
    }
}
