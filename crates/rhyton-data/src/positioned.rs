use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhyton_tensor::DType;

use crate::error::Origin;
use crate::stored::ReadRows;
use crate::{Result, Stored};

/// The values of one array inside a file: C order, from a byte on.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    /// What errors call it, e.g. ``array `x` ``.
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) dtype: DType,
    pub(crate) big_endian: bool,
    pub(crate) shape: Vec<usize>,
}

impl Region {
    /// Rows that stay in the file.
    pub(crate) fn into_stored(self) -> Stored {
        Stored::new(Arc::new(self))
    }
}

impl ReadRows for Region {
    fn dtype(&self) -> DType {
        self.dtype
    }

    fn sample(&self) -> &[usize] {
        &self.shape[1..]
    }

    fn rows(&self) -> usize {
        self.shape[0]
    }

    fn read(&self, first: usize, place: &mut [u8]) -> Result<()> {
        let size = self.dtype.size_bytes();
        let row_bytes = self.sample().iter().product::<usize>() * size;
        let start = self.offset + first as u64 * row_bytes as u64;
        read_exact_at(&self.file, place, start)
            .map_err(|error| Origin::new(Path::new(&self.path), &self.name).reading(error))?;
        if self.big_endian {
            place.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, place: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, place, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut place: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !place.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, place, offset)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        place = &mut place[count..];
        offset += count as u64;
    }
    Ok(())
}
