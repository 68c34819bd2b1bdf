use rhyton::{Array, DType};

use crate::failure::{Failure, excerpt};
use crate::json::{Kind, Reader, Result};
use crate::limits::ARRAYS_BYTES_MAX;

/// An input's values, read from JSON one tensor after another; all have one shape.
#[derive(Debug)]
pub(crate) struct TensorBuilder {
    dtype: DType,
    /// The elements so far, in the type that they are read as.
    bytes: Vec<u8>,
    /// Shape and number of elements of the first tensor.
    first: Option<(Vec<usize>, usize)>,
    tensors: usize,
}

/// The shape of one tensor, as far as it is known.
#[derive(Debug, Default)]
struct Nesting {
    /// Known where the first value, or an empty list, has been seen.
    rank: Option<usize>,
    /// The lengths of lists by level; known where the first has ended.
    lengths: Vec<Option<usize>>,
    count: usize,
}

/// A type that JSON's numbers are read as.
fn read_as(dtype: DType) -> DType {
    match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

impl TensorBuilder {
    pub(crate) fn new(dtype: DType) -> Self {
        Self { dtype, bytes: Vec::new(), first: None, tensors: 0 }
    }

    /// Reads one tensor: a value, or lists of lists of values.
    pub(crate) fn add(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let mut nesting = Nesting::default();
        self.fill(reader, 0, &mut nesting)?;
        let shape: Vec<usize> =
            nesting.lengths.into_iter().map(Option::unwrap_or_default).collect();
        self.tensors += 1;
        let Some((expected, count)) = &self.first else {
            self.first = Some((shape, nesting.count));
            return Ok(());
        };
        if *count != nesting.count {
            let message = format!("Expecting tensor size: {count} but got: {}", nesting.count);
            return Err(Failure::invalid(message));
        }
        if *expected != shape {
            let message = format!("Expecting shape {expected:?} but got: {shape:?}");
            return Err(Failure::invalid(message));
        }
        Ok(())
    }

    fn fill(&mut self, reader: &mut Reader<'_>, level: usize, nesting: &mut Nesting) -> Result<()> {
        let kind = reader.kind()?;
        if kind != Kind::List {
            let rank = *nesting.rank.get_or_insert(level);
            let start = *reader;
            if rank != level {
                let value = excerpt(reader.skip()?);
                return Err(Failure::invalid(format!(
                    "JSON Value: {value} found at incorrect level: {} in the JSON DOM. \
                     Expected at level: {rank}",
                    level + 1
                )));
            }
            nesting.count += 1;
            return self.push(reader, start, kind);
        }
        if let Some(rank) = nesting.rank.filter(|&rank| level >= rank) {
            return Err(Failure::invalid(format!(
                "Encountered list at unexpected level: {level} expected < {rank}"
            )));
        }
        if nesting.lengths.len() == level {
            nesting.lengths.push(None);
        }
        let mut length = 0;
        reader.list(|reader| {
            length += 1;
            self.fill(reader, level + 1, nesting)
        })?;
        if length == 0 {
            nesting.rank.get_or_insert(level + 1);
        }
        let expected = *nesting.lengths[level].get_or_insert(length);
        if expected != length {
            return Err(Failure::invalid(format!(
                "Encountered list at unexpected size: {length} at level: {level} \
                 expected size: {expected}"
            )));
        }
        Ok(())
    }

    /// Reads one value of a kind.
    fn push(&mut self, reader: &mut Reader<'_>, start: Reader<'_>, kind: Kind) -> Result<()> {
        if self.bytes.len() >= ARRAYS_BYTES_MAX {
            return Err(Failure::too_large("An input's array", ARRAYS_BYTES_MAX));
        }
        match (kind, read_as(self.dtype)) {
            (Kind::Bool(value), DType::Bool) => {
                reader.skip()?;
                self.bytes.push(u8::from(value));
                Ok(())
            }
            (Kind::Number, DType::F32) => self.push_f32(reader.number()?),
            (Kind::Number, DType::F64) => self.push_f64(reader.number()?),
            (Kind::Number, dtype) if dtype.is_integer() => {
                let text = reader.number()?;
                let value = text.parse::<i128>().ok().filter(|value| fits(*value, dtype));
                let Some(value) = value else { return Err(type_error(text, kind, self.dtype)) };
                self.bytes.extend_from_slice(&value.to_le_bytes()[..dtype.size_bytes()]);
                Ok(())
            }
            _ => Err(type_error({ start }.skip()?, kind, self.dtype)),
        }
    }

    fn push_f32(&mut self, text: &str) -> Result<()> {
        let value: f32 =
            text.parse().map_err(|_error| type_error(text, Kind::Number, self.dtype))?;
        if !is_lossless(text, value.is_finite(), f32::MANTISSA_DIGITS) {
            return Err(lossy(text, self.dtype));
        }
        self.bytes.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn push_f64(&mut self, text: &str) -> Result<()> {
        let value: f64 =
            text.parse().map_err(|_error| type_error(text, Kind::Number, self.dtype))?;
        if !is_lossless(text, value.is_finite(), f64::MANTISSA_DIGITS) {
            return Err(lossy(text, self.dtype));
        }
        self.bytes.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    /// All tensors read, one for each sample along a new first axis.
    pub(crate) fn rows(self) -> Result<Array> {
        let shape = self.first.as_ref().map_or(&[][..], |(shape, _)| shape);
        let shape: Vec<usize> =
            std::iter::once(self.tensors).chain(shape.iter().copied()).collect();
        self.array(&shape)
    }

    /// The one tensor read.
    pub(crate) fn whole(self) -> Result<Array> {
        let shape = self.first.as_ref().map_or_else(Vec::new, |(shape, _)| shape.clone());
        self.array(&shape)
    }

    fn array(&self, shape: &[usize]) -> Result<Array> {
        let array = Array::from_bytes(read_as(self.dtype), shape, &self.bytes);
        let array = array.map_err(|error| Failure::invalid(error.to_string()))?;
        Ok(array.cast(self.dtype))
    }
}

/// Whether a number keeps its value in a float: whole numbers only within its digits, others if
/// they are not beyond its range.
fn is_lossless(text: &str, is_finite: bool, digits: u32) -> bool {
    let unsigned = text.trim_start_matches('-');
    if unsigned.starts_with(['N', 'I']) {
        return true;
    }
    let whole = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if whole {
        return unsigned.parse::<u64>().is_ok_and(|value| value < 1 << digits);
    }
    is_finite
}

fn fits(value: i128, dtype: DType) -> bool {
    let bits = dtype.size_bytes() as u32 * 8;
    if dtype.is_signed() {
        (-(1 << (bits - 1))..1 << (bits - 1)).contains(&value)
    } else {
        (0..1 << bits).contains(&value)
    }
}

/// The type as TensorFlow's messages name it.
fn type_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "half",
        DType::F32 => "float",
        DType::F64 => "double",
        other => other.name(),
    }
}

fn type_error(text: &str, kind: Kind, dtype: DType) -> Failure {
    Failure::invalid(format!(
        "JSON Value: {} Type: {} is not of expected type: {}",
        excerpt(text),
        kind.name(),
        type_name(dtype)
    ))
}

fn lossy(text: &str, dtype: DType) -> Failure {
    let (value, target) = (excerpt(text), type_name(dtype));
    Failure::invalid(format!(
        "Cannot convert JSON value: {value} to {target} without loss of precision."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dtype: DType, text: &str) -> Result<Array, String> {
        let mut builder = TensorBuilder::new(dtype);
        builder.add(&mut Reader::new(text)).map_err(|failure| failure.message)?;
        builder.whole().map_err(|failure| failure.message)
    }

    #[test]
    fn shapes_follow_the_lists() {
        for (text, shape) in [
            ("1", &[][..]),
            ("[]", &[0]),
            ("[[], []]", &[2, 0]),
            ("[[1, 2, 3], [4, 5, 6]]", &[2, 3]),
            ("[[[1]], [[2]]]", &[2, 1, 1]),
        ] {
            assert_eq!(read(DType::F32, text).unwrap().shape(), shape, "{text}");
        }
        for (text, expected) in [
            (
                "[[1], [2, 3]]",
                "Encountered list at unexpected size: 2 at level: 1 expected size: 1",
            ),
            (
                "[[1], 2]",
                "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
            ),
            ("[1, [2]]", "Encountered list at unexpected level: 1 expected < 1"),
            ("[[], [1]]", "Encountered list at unexpected size: 1 at level: 1 expected size: 0"),
        ] {
            assert_eq!(read(DType::F32, text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn floats_take_what_they_can_hold() {
        let values = read(DType::F32, "[1, 2.5, -3e2, 16777215, NaN, -Inf, Infinity]").unwrap();
        let values = values.view::<f32>();
        assert_eq!(values[..4], [1.0, 2.5, -300.0, 16_777_215.0]);
        assert!(values[4].is_nan() && values[5] == f32::NEG_INFINITY && values[6] == f32::INFINITY);
        for text in ["16777216", "-16777216", "1e39", "99999999999999999999999"] {
            let expected =
                format!("Cannot convert JSON value: {text} to float without loss of precision.");
            assert_eq!(read(DType::F32, text).unwrap_err(), expected);
        }
        assert_eq!(read(DType::F64, "16777216").unwrap().view::<f64>(), [16_777_216.0]);
        assert!(read(DType::F64, "1e400").is_err());
        for text in ["true", "\"1\"", "null", "{\"b64\": \"aGk=\"}"] {
            let error = read(DType::F32, text).unwrap_err();
            assert!(error.ends_with("is not of expected type: float"), "{error}");
        }
        assert_eq!(read(DType::F16, "[0.5]").unwrap().dtype(), DType::F16);
    }

    #[test]
    fn integers_take_whole_numbers_in_range() {
        assert_eq!(read(DType::I32, "[1, -2]").unwrap().view::<i32>(), [1, -2]);
        assert_eq!(read(DType::U8, "255").unwrap().view::<u8>(), [255]);
        let largest = read(DType::U64, "18446744073709551615").unwrap();
        assert_eq!(largest.view::<u64>(), [u64::MAX]);
        for (dtype, text) in [
            (DType::I32, "1.0"),
            (DType::I32, "2147483648"),
            (DType::U8, "-1"),
            (DType::I8, "128"),
            (DType::I64, "1e3"),
            (DType::I32, "true"),
            (DType::I32, "NaN"),
        ] {
            let error = read(dtype, text).unwrap_err();
            assert!(error.ends_with(&format!("is not of expected type: {dtype}")), "{error}");
        }
        assert_eq!(read(DType::Bool, "[true, false]").unwrap().bytes(), [1, 0]);
        assert!(read(DType::Bool, "1").is_err());
    }
}
