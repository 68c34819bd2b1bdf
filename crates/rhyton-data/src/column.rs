use rhyton_tensor::{Array, DType};

use crate::{Result, Stored};

/// One array of a data set, a row for each sample: in memory, or left in files.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// All rows in memory.
    Array(Array),
    /// Rows that stay in files and are read batch by batch.
    Stored(Stored),
}

/// A column that is lent.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// All rows in memory.
    Array(&'a Array),
    /// Rows that stay in files.
    Stored(&'a Stored),
}

impl Column {
    /// The column, lent.
    pub fn as_rows(&self) -> Rows<'_> {
        match self {
            Self::Array(array) => Rows::Array(array),
            Self::Stored(stored) => Rows::Stored(stored),
        }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.as_rows().dtype()
    }

    /// The size along each axis, samples first.
    pub fn shape(&self) -> &[usize] {
        self.as_rows().shape()
    }

    /// The array, if the rows are in memory.
    pub fn array(&self) -> Option<&Array> {
        match self {
            Self::Array(array) => Some(array),
            Self::Stored(_) => None,
        }
    }

    /// All rows in memory: the array itself, or the rows read from their files.
    ///
    /// # Errors
    /// What reading a file fails with.
    pub fn into_array(self) -> Result<Array> {
        match self {
            Self::Array(array) => Ok(array),
            Self::Stored(stored) => {
                let all: Vec<usize> = (0..Rows::Stored(&stored).count()).collect();
                let mut array = Array::zeros(stored.dtype(), &[0]);
                stored.gather_into(&all, &mut array)?;
                Ok(array)
            }
        }
    }

    /// Rows `start..end`: copied from memory, a view of rows in files.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Row`] when `end` is past the last row.
    pub fn slice(&self, start: usize, end: usize) -> Result<Self> {
        self.as_rows().slice(start, end)
    }

    /// The named rows in this order: copied from memory, a view of rows in files.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Row`] for a row that isn't there.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        match self {
            Self::Array(array) => {
                let mut selected = Array::zeros(array.dtype(), &[0]);
                array.gather_rows_into(rows, &mut selected)?;
                Ok(Self::Array(selected))
            }
            Self::Stored(stored) => Ok(Self::Stored(stored.select(rows)?)),
        }
    }
}

impl From<Array> for Column {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl<'a> From<&'a Column> for Rows<'a> {
    fn from(column: &'a Column) -> Self {
        column.as_rows()
    }
}

impl<'a> From<&'a Array> for Rows<'a> {
    fn from(array: &'a Array) -> Self {
        Self::Array(array)
    }
}

impl<'a> Rows<'a> {
    /// The element type.
    pub fn dtype(self) -> DType {
        match self {
            Self::Array(array) => array.dtype(),
            Self::Stored(stored) => stored.dtype(),
        }
    }

    /// The size along each axis, samples first.
    pub fn shape(self) -> &'a [usize] {
        match self {
            Self::Array(array) => array.shape(),
            Self::Stored(stored) => stored.shape(),
        }
    }

    /// The number of rows; 0 for a scalar.
    pub fn count(self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    /// Rows `start..end`: copied from memory, a view of rows in files.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Row`] when `end` is past the last row.
    pub fn slice(self, start: usize, end: usize) -> Result<Column> {
        match self {
            Self::Array(array) => Ok(Column::Array(array.rows(start, end)?)),
            Self::Stored(stored) => Ok(Column::Stored(stored.slice(start, end)?)),
        }
    }

    /// Copies the named rows into `target`, whose buffer is reused when it is large enough.
    ///
    /// # Errors
    /// [`rhyton_tensor::Error::Row`] for a row that isn't there; what reading a file fails with.
    pub fn gather_into(self, rows: &[usize], target: &mut Array) -> Result<()> {
        match self {
            Self::Array(array) => Ok(array.gather_rows_into(rows, target)?),
            Self::Stored(stored) => stored.gather_into(rows, target),
        }
    }

    /// All rows in order, at most `rows_max` at once where they stay in files.
    pub fn chunks(self, rows_max: usize) -> Chunks<'a> {
        let buffer = Array::zeros(self.dtype(), &[0]);
        Chunks { rows: self, rows_max: rows_max.max(1), next: 0, wanted: Vec::new(), buffer }
    }
}

/// The rows of a column, some at a time; [`Rows::chunks`].
#[derive(Debug)]
pub struct Chunks<'a> {
    rows: Rows<'a>,
    rows_max: usize,
    next: usize,
    wanted: Vec<usize>,
    buffer: Array,
}

impl Chunks<'_> {
    /// The next rows and the number of the first, or `None` at the end.
    ///
    /// # Errors
    /// What reading a file fails with.
    pub fn next_chunk(&mut self) -> Result<Option<(usize, &Array)>> {
        let (first, count) = (self.next, self.rows.count());
        if first >= count {
            return Ok(None);
        }
        match self.rows {
            Rows::Array(array) => {
                self.next = count;
                Ok(Some((0, array)))
            }
            Rows::Stored(stored) => {
                self.next = count.min(first.saturating_add(self.rows_max));
                self.wanted.clear();
                self.wanted.extend(first..self.next);
                stored.gather_into(&self.wanted, &mut self.buffer)?;
                Ok(Some((first, &self.buffer)))
            }
        }
    }
}
