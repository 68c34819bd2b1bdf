//! NumPy's `.npy`: one array, its element type, order and shape in a small header.
//!
//! Source: NumPy, `numpy.lib.format`, versions 1.0 to 3.0.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use rhyton_tensor::{Array, DType, volume};

use crate::error::Origin;
use crate::positioned::Region;
use crate::{Column, Error, Result, atomic};

mod header;

use header::Header;

/// The first bytes of every `.npy` file.
pub(crate) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Reads an array: little- or big-endian, C or Fortran order, all element types of
/// [`rhyton_tensor::DType`]; `V2` is bfloat16, which is how `ml_dtypes` writes it.
///
/// # Errors
/// [`Error::Io`]; [`Error::Content`] for a damaged file, and for element types without numbers
/// (strings, objects, records), complex and extended ones.
pub fn read(path: &Path) -> Result<Array> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    let size_bytes = file.metadata().map_err(Error::io(path, "read"))?.len();
    read_from(&mut BufReader::new(file), size_bytes, Origin::new(path, "array"))
}

/// As [`read`], but an array of more than `memory_bytes` in C order stays in the file.
///
/// # Errors
/// As [`read`].
pub fn open(path: &Path, memory_bytes: u64) -> Result<Column> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    let size_bytes = file.metadata().map_err(Error::io(path, "read"))?.len();
    if size_bytes > memory_bytes {
        let located = Located { path, name: "array", start: 0, size_bytes };
        if let Some(region) = region(&mut BufReader::new(file), located)? {
            return Ok(Column::Stored(region.into_stored()));
        }
    }
    Ok(Column::Array(read(path)?))
}

/// Writes an array, atomically: little-endian, C order, byte for byte as NumPy does.
///
/// # Errors
/// [`Error::Io`].
pub fn write(path: &Path, array: &Array) -> Result<()> {
    atomic::write(path, |file| write_to(file, array).map_err(Error::io(path, "write")))
}

/// An array from the bytes of a whole `.npy` file; errors call it `name`.
///
/// # Errors
/// As [`read`], but for the system's.
pub fn decode(bytes: &[u8], name: &str) -> Result<Array> {
    let place = format!("array `{name}`");
    read_from(&mut &*bytes, bytes.len() as u64, Origin::new(Path::new("npz"), &place))
}

/// The bytes of a whole `.npy` file.
pub fn encode(array: &Array) -> Vec<u8> {
    let mut bytes = header::encode(array.dtype(), array.shape());
    bytes.extend(array.bytes());
    bytes
}

/// Where in a file the bytes of an `.npy` lie.
#[derive(Clone, Copy)]
pub(crate) struct Located<'a> {
    pub(crate) path: &'a Path,
    /// What errors call it.
    pub(crate) name: &'a str,
    pub(crate) start: u64,
    pub(crate) size_bytes: u64,
}

/// The values as a region of the file, from a reader at their header; `None` when rows are no runs
/// of bytes: Fortran order of several axes, or a scalar.
pub(crate) fn region(reader: &mut dyn Read, located: Located<'_>) -> Result<Option<Region>> {
    let origin = Origin::new(located.path, located.name);
    let (header, header_bytes) = Header::read(reader, located.size_bytes, origin)?;
    header.expect_bytes(located.size_bytes.saturating_sub(header_bytes), origin)?;
    if (header.fortran && header.shape.len() > 1) || header.shape.is_empty() {
        return Ok(None);
    }
    let file = File::open(located.path).map_err(Error::io(located.path, "open"))?;
    Ok(Some(Region {
        file,
        path: located.path.to_owned(),
        name: located.name.to_owned(),
        offset: located.start + header_bytes,
        dtype: header.dtype,
        big_endian: header.big_endian,
        shape: header.shape,
    }))
}

/// Reads an array from a stream of exactly `size_bytes` bytes; the header's claim is held against
/// that size before anything is allocated.
pub(crate) fn read_from(
    reader: &mut dyn Read,
    size_bytes: u64,
    origin: Origin<'_>,
) -> Result<Array> {
    let (header, header_bytes) = Header::read(reader, size_bytes, origin)?;
    header.expect_bytes(size_bytes.saturating_sub(header_bytes), origin)?;
    let mut array = Array::zeros(header.dtype, &header.stored_shape());
    reader.read_exact(array.bytes_mut()).map_err(|error| origin.reading(error))?;
    if header.big_endian {
        to_little_endian(&mut array);
    }
    if header.dtype == DType::Bool {
        array.bytes_mut().iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
    }
    if header.fortran { Ok(transposed(&array)?) } else { Ok(array) }
}

/// Writes header and values.
pub(crate) fn write_to(writer: &mut dyn Write, array: &Array) -> std::io::Result<()> {
    writer.write_all(&header::encode(array.dtype(), array.shape()))?;
    writer.write_all(array.bytes())
}

/// Reverses the bytes of every element; [`Array`] holds them little-endian.
pub(crate) fn to_little_endian(array: &mut Array) {
    let size = array.dtype().size_bytes();
    array.bytes_mut().chunks_exact_mut(size).for_each(<[u8]>::reverse);
}

/// The array with its axes in reverse order: what was Fortran order becomes C order.
fn transposed(array: &Array) -> rhyton_tensor::Result<Array> {
    let stored = array.shape();
    let shape: Vec<usize> = stored.iter().rev().copied().collect();
    let mut result = Array::zeros(array.dtype(), &shape);
    if array.is_empty() {
        return Ok(result);
    }
    let size = array.dtype().size_bytes();
    // Axis k of the result steps over the product of the sizes of the axes before it.
    let mut strides = Vec::with_capacity(shape.len());
    for axis in 0..shape.len() {
        strides.push(volume(&shape[..axis])?);
    }
    let source = array.bytes();
    let (mut index, mut offset) = (vec![0; shape.len()], 0);
    for place in result.bytes_mut().chunks_exact_mut(size) {
        place.copy_from_slice(&source[offset * size..][..size]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            offset += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            offset -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
