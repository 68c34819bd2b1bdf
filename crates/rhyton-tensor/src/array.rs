use bytemuck::{Pod, Zeroable};
use half::{bf16, f16};

use crate::{DType, Element, Error, Result};

/// A dense, row-major host array that owns its values, aligned to 64 bytes.
#[derive(Clone)]
pub struct Array {
    dtype: DType,
    shape: Vec<usize>,
    lines: Vec<Line>,
}

/// One cache line: the unit of storage, so that every view is aligned for any vector width.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// The number of elements of a shape, or an error if the product (in bytes) overflows.
///
/// # Errors
/// [`Error::Overflow`] when shape × 8 bytes exceeds the address space.
pub fn volume(shape: &[usize]) -> Result<usize> {
    shape
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
        .filter(|&product| product <= isize::MAX as usize / 8)
        .ok_or_else(|| Error::Overflow { shape: shape.to_vec() })
}

/// The lines that an array takes.
fn lines_of(dtype: DType, shape: &[usize]) -> Result<usize> {
    Ok((volume(shape)? * dtype.size_bytes()).div_ceil(size_of::<Line>()))
}

/// Makes room for so many lines in all.
fn reserve(lines: &mut Vec<Line>, count: usize, shape: &[usize]) -> Result<()> {
    let refuse = |_no_room| Error::Memory {
        shape: shape.to_vec(),
        bytes: count.saturating_mul(size_of::<Line>()),
    };
    lines.try_reserve_exact(count - lines.len()).map_err(refuse)
}

impl Array {
    /// An array of zeros.
    ///
    /// # Panics
    /// If the shape overflows the address space; check untrusted shapes with [`volume`].
    pub fn zeros(dtype: DType, shape: &[usize]) -> Self {
        let count = volume(shape).expect("the caller's shape fits the address space");
        let lines = (count * dtype.size_bytes()).div_ceil(size_of::<Line>());
        Self { dtype, shape: shape.to_vec(), lines: vec![Line::zeroed(); lines] }
    }

    /// As [`Array::zeros`], for a shape that may be too large.
    ///
    /// # Errors
    /// [`Error::Overflow`]; [`Error::Memory`].
    pub fn try_zeros(dtype: DType, shape: &[usize]) -> Result<Self> {
        let lines = lines_of(dtype, shape)?;
        // Asked for and given back: memory that comes zeroed has no fallible constructor.
        reserve(&mut Vec::new(), lines, shape)?;
        Ok(Self { dtype, shape: shape.to_vec(), lines: vec![Line::zeroed(); lines] })
    }

    /// An array of the given values in row-major order.
    ///
    /// # Errors
    /// [`Error::Length`] if the values do not fill the shape.
    pub fn from_slice<T: Element>(shape: &[usize], values: &[T]) -> Result<Self> {
        let expected = volume(shape)?;
        if values.len() != expected {
            return Err(Error::Length { shape: shape.to_vec(), expected, received: values.len() });
        }
        let mut array = Self::zeros(T::DTYPE, shape);
        array.view_mut::<T>().copy_from_slice(values);
        Ok(array)
    }

    /// An array from its bytes: little-endian elements in row-major order. Bool bytes other than 0
    /// become 1.
    ///
    /// # Errors
    /// [`Error::Length`] if the bytes do not fill the shape.
    pub fn from_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Self> {
        let expected = volume(shape)?;
        if bytes.len() != expected * dtype.size_bytes() {
            let received = bytes.len() / dtype.size_bytes();
            return Err(Error::Length { shape: shape.to_vec(), expected, received });
        }
        let mut array = Self::zeros(dtype, shape);
        array.bytes_mut().copy_from_slice(bytes);
        if dtype == DType::Bool {
            array.bytes_mut().iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
        }
        Ok(array)
    }

    /// A bool array.
    ///
    /// # Errors
    /// [`Error::Length`] if the values do not fill the shape.
    pub fn from_bools(shape: &[usize], values: &[bool]) -> Result<Self> {
        let bytes: Vec<u8> = values.iter().map(|&value| u8::from(value)).collect();
        Self::from_bytes(DType::Bool, shape, &bytes)
    }

    /// A rank-0 array of one value.
    pub fn scalar<T: Element>(value: T) -> Self {
        let mut array = Self::zeros(T::DTYPE, &[]);
        array.view_mut::<T>()[0] = value;
        array
    }

    /// An array with `value`, rounded to `dtype`, in every place.
    pub fn full(dtype: DType, shape: &[usize], value: f64) -> Self {
        let mut array = Self::zeros(dtype, shape);
        let one = Self::scalar(value).cast(dtype);
        for place in array.bytes_mut().chunks_exact_mut(dtype.size_bytes()) {
            place.copy_from_slice(one.bytes());
        }
        array
    }

    /// A whole number of an integer type, as an array of rank 0; `None` if the type has not got
    /// that number.
    pub fn whole(dtype: DType, value: i128) -> Option<Self> {
        let bits = dtype.size_bytes() as u32 * 8;
        let range =
            if dtype.is_signed() { -(1 << (bits - 1))..1 << (bits - 1) } else { 0..1_i128 << bits };
        let fits = dtype.is_integer() && range.contains(&value);
        let bytes = value.to_le_bytes();
        fits.then(|| Self::from_bytes(dtype, &[], &bytes[..dtype.size_bytes()]).ok())?
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The size along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements' bytes, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[..self.len() * self.dtype.size_bytes()]
    }

    /// The elements' bytes for writing. Bool elements must stay 0 or 1.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let length = self.len() * self.dtype.size_bytes();
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..length]
    }

    /// The elements as Rust numbers.
    ///
    /// # Errors
    /// [`Error::DType`] if `T` is not the array's element type.
    pub fn values<T: Element>(&self) -> Result<&[T]> {
        self.expect_dtype(T::DTYPE)?;
        Ok(bytemuck::cast_slice(self.bytes()))
    }

    /// The elements as Rust numbers, for writing.
    ///
    /// # Errors
    /// [`Error::DType`] if `T` is not the array's element type.
    pub fn values_mut<T: Element>(&mut self) -> Result<&mut [T]> {
        self.expect_dtype(T::DTYPE)?;
        Ok(self.view_mut())
    }

    /// The elements as Rust numbers of the array's own type.
    ///
    /// # Panics
    /// If `T` is not the array's element type; for dispatch that has already matched on it.
    pub fn view<T: Element>(&self) -> &[T] {
        self.values().expect("the element type was matched before the view")
    }

    /// As [`Array::view`], for writing.
    ///
    /// # Panics
    /// If `T` is not the array's element type.
    pub fn view_mut<T: Element>(&mut self) -> &mut [T] {
        assert_eq!(self.dtype, T::DTYPE, "the element type was matched before the view");
        bytemuck::cast_slice_mut(self.bytes_mut())
    }

    /// Every element as a double.
    pub fn to_f64(&self) -> Vec<f64> {
        match self.dtype {
            DType::Bool => self.bytes().iter().map(|&byte| f64::from(byte)).collect(),
            DType::U8 => doubles::<u8>(self),
            DType::U16 => doubles::<u16>(self),
            DType::U32 => doubles::<u32>(self),
            DType::U64 => doubles::<u64>(self),
            DType::I8 => doubles::<i8>(self),
            DType::I16 => doubles::<i16>(self),
            DType::I32 => doubles::<i32>(self),
            DType::I64 => doubles::<i64>(self),
            DType::F16 => doubles::<f16>(self),
            DType::BF16 => doubles::<bf16>(self),
            DType::F32 => doubles::<f32>(self),
            DType::F64 => doubles::<f64>(self),
        }
    }

    /// The same values as another element type: floats round to nearest, floats to integers
    /// truncate and saturate, integers to narrower ones wrap, anything to bool is `!= 0`.
    #[must_use]
    pub fn cast(&self, dtype: DType) -> Self {
        if dtype == self.dtype {
            return self.clone();
        }
        let mut result = Self::zeros(dtype, &self.shape);
        match self.dtype {
            DType::U64 => integers(self.view::<u64>(), i128::from, &mut result),
            DType::I64 => integers(self.view::<i64>(), i128::from, &mut result),
            _ => numbers(&self.to_f64(), self.dtype, &mut result),
        }
        result
    }

    /// The same values under another shape.
    ///
    /// # Errors
    /// [`Error::Length`] if the element counts differ.
    pub fn reshaped(mut self, shape: &[usize]) -> Result<Self> {
        let expected = volume(shape)?;
        if expected != self.len() {
            return Err(Error::Length { shape: shape.to_vec(), expected, received: self.len() });
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    /// Rows `start..end` along the first axis, copied.
    ///
    /// # Errors
    /// [`Error::Scalar`] for rank 0, [`Error::Row`] if `end` is past the last row or before `start`.
    pub fn rows(&self, start: usize, end: usize) -> Result<Self> {
        let (&rows, rest) = self.shape.split_first().ok_or(Error::Scalar)?;
        if end > rows || start > end {
            return Err(Error::Row { row: start.max(end), rows });
        }
        let row_bytes = volume(rest)? * self.dtype.size_bytes();
        let mut shape = self.shape.clone();
        shape[0] = end - start;
        Self::from_bytes(self.dtype, &shape, &self.bytes()[start * row_bytes..end * row_bytes])
    }

    /// Copies the named rows into `target`, whose buffer is reused when it is large enough; it gets
    /// this array's element type.
    ///
    /// # Errors
    /// [`Error::Scalar`] for rank 0, [`Error::Row`] for a row that isn't there.
    pub fn gather_rows_into(&self, indices: &[usize], target: &mut Self) -> Result<()> {
        let (&rows, rest) = self.shape.split_first().ok_or(Error::Scalar)?;
        if let Some(&row) = indices.iter().find(|&&row| row >= rows) {
            return Err(Error::Row { row, rows });
        }
        target.resize(self.dtype, indices.len(), rest);
        let row_bytes = volume(rest)? * self.dtype.size_bytes();
        if row_bytes == 0 {
            return Ok(());
        }
        let source = self.bytes();
        for (place, &row) in target.bytes_mut().chunks_exact_mut(row_bytes).zip(indices) {
            place.copy_from_slice(&source[row * row_bytes..][..row_bytes]);
        }
        Ok(())
    }

    /// Gives the array a new element type and shape, `rows` × `rest`; allocates only when it grows
    /// past what it has held. The values are unspecified.
    pub fn resize(&mut self, dtype: DType, rows: usize, rest: &[usize]) {
        self.dtype = dtype;
        self.shape.clear();
        self.shape.push(rows);
        self.shape.extend_from_slice(rest);
        self.fit();
    }

    /// As [`Array::resize`], for a whole shape.
    pub fn resize_to(&mut self, dtype: DType, shape: &[usize]) {
        self.dtype = dtype;
        self.shape.clear();
        self.shape.extend_from_slice(shape);
        self.fit();
    }

    /// As [`Array::resize_to`], for a shape that may be too large; the array is then as it was.
    ///
    /// # Errors
    /// [`Error::Overflow`]; [`Error::Memory`].
    pub fn try_resize_to(&mut self, dtype: DType, shape: &[usize]) -> Result<()> {
        let lines = lines_of(dtype, shape)?;
        if lines > self.lines.len() {
            reserve(&mut self.lines, lines, shape)?;
        }
        self.resize_to(dtype, shape);
        Ok(())
    }

    /// Makes the storage hold the shape.
    fn fit(&mut self) {
        let count = volume(&self.shape).expect("the caller's shape fits the address space");
        let lines = (count * self.dtype.size_bytes()).div_ceil(size_of::<Line>());
        if lines > self.lines.len() {
            self.lines.resize(lines, Line::zeroed());
        }
    }

    fn expect_dtype(&self, expected: DType) -> Result<()> {
        if self.dtype == expected {
            return Ok(());
        }
        Err(Error::DType { expected, received: self.dtype })
    }
}

impl PartialEq for Array {
    /// Equal element type, shape and bits (so NaN equals itself, and -0 differs from 0).
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype && self.shape == other.shape && self.bytes() == other.bytes()
    }
}

impl std::fmt::Debug for Array {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 16;
        write!(f, "{}{:?} ", self.dtype, self.shape)?;
        let values = self.to_f64();
        f.debug_list().entries(values.iter().take(SHOWN)).finish()?;
        if values.len() > SHOWN { write!(f, " … {} in all", values.len()) } else { Ok(()) }
    }
}

fn doubles<T: Element>(array: &Array) -> Vec<f64> {
    array.view::<T>().iter().map(|&value| value.to_f64()).collect()
}

/// Casts values that a double holds exactly; integers go through `i128` so that they wrap.
fn numbers(values: &[f64], from: DType, result: &mut Array) {
    if from.is_float() || result.dtype.is_float() || result.dtype == DType::Bool {
        fill(result, values.iter().copied());
    } else {
        integers(values, |value| value as i128, result);
    }
}

fn integers<T: Copy>(values: &[T], widen: impl Fn(T) -> i128, result: &mut Array) {
    if result.dtype.is_float() || result.dtype == DType::Bool {
        fill(result, values.iter().map(|&value| widen(value) as f64));
        return;
    }
    let size = result.dtype.size_bytes();
    for (place, &value) in result.bytes_mut().chunks_exact_mut(size).zip(values) {
        place.copy_from_slice(&widen(value).to_le_bytes()[..size]);
    }
}

fn fill(result: &mut Array, values: impl Iterator<Item = f64>) {
    fn write<T: Element>(result: &mut Array, values: impl Iterator<Item = f64>) {
        result.view_mut::<T>().iter_mut().zip(values).for_each(|(to, v)| *to = T::from_f64(v));
    }
    match result.dtype {
        DType::Bool => {
            let bytes = result.bytes_mut().iter_mut();
            bytes.zip(values).for_each(|(to, value)| *to = u8::from(value != 0.0));
        }
        DType::U8 => write::<u8>(result, values),
        DType::U16 => write::<u16>(result, values),
        DType::U32 => write::<u32>(result, values),
        DType::U64 => write::<u64>(result, values),
        DType::I8 => write::<i8>(result, values),
        DType::I16 => write::<i16>(result, values),
        DType::I32 => write::<i32>(result, values),
        DType::I64 => write::<i64>(result, values),
        DType::F16 => write::<f16>(result, values),
        DType::BF16 => write::<bf16>(result, values),
        DType::F32 => write::<f32>(result, values),
        DType::F64 => write::<f64>(result, values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_the_shape() {
        let array = Array::from_slice(&[2, 2], &[1.0_f32, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(array.values::<f32>().unwrap(), &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(array.bytes().as_ptr() as usize % 64, 0);
        assert!(Array::from_slice(&[3], &[1.0_f32]).is_err());
        assert!(array.values::<f64>().is_err());
        assert!(volume(&[usize::MAX, 2]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let shape = [1 << 30, 1 << 28];
        let error = Array::try_zeros(DType::F64, &shape).unwrap_err();
        assert!(matches!(error, Error::Memory { bytes, .. } if bytes == 1 << 61), "{error}");
        let mut array = Array::from_slice(&[2], &[1.0_f32, 2.0]).unwrap();
        array.try_resize_to(DType::F64, &shape).unwrap_err();
        array.try_resize_to(DType::F64, &[1 << 40, 1 << 40]).unwrap_err();
        assert_eq!(array.to_f64(), [1.0, 2.0]);
        array.try_resize_to(DType::F32, &[3]).unwrap();
        assert_eq!(array.len(), 3);
    }

    #[test]
    fn casts_round_truncate_and_wrap() {
        let floats = Array::from_slice(&[3], &[1.9_f32, -1.9, 0.0]).unwrap();
        assert_eq!(floats.cast(DType::I32).view::<i32>(), &[1, -1, 0]);
        assert_eq!(floats.cast(DType::Bool).bytes(), &[1, 1, 0]);
        let wide = Array::from_slice(&[1], &[300_i64]).unwrap();
        assert_eq!(wide.cast(DType::U8).view::<u8>(), &[44]);
        let big = Array::from_slice(&[1], &[i64::MAX]).unwrap();
        assert_eq!(big.cast(DType::U64).view::<u64>(), &[i64::MAX as u64]);
    }

    #[test]
    fn rows_are_gathered_into_a_reused_buffer() {
        let array = Array::from_slice(&[3, 2], &[0_i32, 1, 2, 3, 4, 5]).unwrap();
        let mut batch = Array::zeros(DType::I32, &[0]);
        array.gather_rows_into(&[2, 0], &mut batch).unwrap();
        assert_eq!(batch.view::<i32>(), &[4, 5, 0, 1]);
        array.gather_rows_into(&[1], &mut batch).unwrap();
        assert_eq!((batch.shape(), batch.view::<i32>()), (&[1, 2][..], &[2, 3][..]));
        assert!(array.gather_rows_into(&[3], &mut batch).is_err());
        assert_eq!(array.rows(1, 2).unwrap().view::<i32>(), &[2, 3]);
    }
}
