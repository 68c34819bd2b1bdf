use std::io::Read;

use rhyton_tensor::DType;

use super::MAGIC;
use crate::Result;
use crate::error::Origin;

/// NumPy itself refuses headers over 10,000 bytes; a numeric array needs about a hundred.
const HEADER_BYTES_MAX: usize = 10_000;
/// NumPy's limit on axes.
const RANK_MAX: usize = 64;
/// NumPy leaves room for a first axis of this many digits, so that a file can grow in place.
const GROWTH_DIGITS: usize = 21;
const ALIGNMENT: usize = 64;

/// What a header says about the values behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) dtype: DType,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
}

impl Header {
    /// The header, and how many bytes it took.
    pub(super) fn read(
        reader: &mut dyn Read,
        size_bytes: u64,
        origin: Origin<'_>,
    ) -> Result<(Self, u64)> {
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(|error| origin.reading(error))?;
        if start[..6] != MAGIC[..] {
            let advice = "the file is no .npy array; check its name";
            return Err(origin.content(
                "the bytes \\x93NUMPY",
                start[..6].escape_ascii().to_string(),
                advice,
            ));
        }
        let mut length = [0; 4];
        let width = if start[6] == 1 { 2 } else { 4 };
        if !(1..=3).contains(&start[6]) {
            let received = format!("version {}.{}", start[6], start[7]);
            let advice = "write the array again with numpy.save";
            return Err(origin.content("format version 1, 2 or 3", received, advice));
        }
        reader.read_exact(&mut length[..width]).map_err(|error| origin.reading(error))?;
        let length = u32::from_le_bytes(length) as usize;
        let header_bytes = (8 + width + length) as u64;
        if length > HEADER_BYTES_MAX || header_bytes > size_bytes {
            let expected = format!("a header of at most {HEADER_BYTES_MAX} bytes within the file");
            let advice = "the file is damaged; write it again with numpy.save";
            return Err(origin.content(expected, format!("{length} bytes"), advice));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text).map_err(|error| origin.reading(error))?;
        let header = parse(&text, origin)?;
        Ok((header, header_bytes))
    }

    /// Refuses data of another size than the shape asks for.
    pub(super) fn expect_bytes(&self, data_bytes: u64, origin: Origin<'_>) -> Result<()> {
        let needed = origin.size_bytes(self.dtype, &self.shape)?;
        if needed as u64 == data_bytes {
            return Ok(());
        }
        Err(origin.content(
            format!("{needed} bytes for {} of shape {:?}", self.dtype, self.shape),
            format!("{data_bytes} bytes"),
            "the file is cut off, or holds more than one array; write it again",
        ))
    }

    /// The shape as the values lie in the file: Fortran order is C order of the reversed shape.
    pub(super) fn stored_shape(&self) -> Vec<usize> {
        let mut shape = self.shape.clone();
        if self.fortran {
            shape.reverse();
        }
        shape
    }
}

/// A version 1.0 header, padded as NumPy pads it.
pub(super) fn encode(dtype: DType, shape: &[usize]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tuple = match sizes.as_slice() {
        [one] => format!("({one},)"),
        sizes => format!("({})", sizes.join(", ")),
    };
    let descr = descr(dtype);
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}");
    if let Some(first) = sizes.first() {
        text.push_str(&" ".repeat(GROWTH_DIGITS.saturating_sub(first.len())));
    }
    let before = MAGIC.len() + 4;
    // NumPy adds a whole block of spaces where none would be needed.
    let padding = ALIGNMENT - (before + text.len() + 1) % ALIGNMENT;
    text.push_str(&" ".repeat(padding));
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

fn descr(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::I8 => "|i1",
        DType::U16 => "<u2",
        DType::U32 => "<u4",
        DType::U64 => "<u8",
        DType::I16 => "<i2",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::BF16 => "<V2",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
    }
}

/// Reads the Python literal `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`; any key
/// order and spacing.
fn parse(text: &[u8], origin: Origin<'_>) -> Result<Header> {
    let mut literal = Literal { rest: text };
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    let complete = (|| {
        literal.expect(b'{')?;
        while !literal.accept(b'}') {
            let key = literal.string()?;
            literal.expect(b':')?;
            match key {
                b"descr" => descr = Some(literal.descr()?),
                b"fortran_order" => fortran = Some(literal.boolean()?),
                b"shape" => shape = Some(literal.tuple()?),
                _ => return None,
            }
            if !literal.accept(b',') {
                literal.expect(b'}')?;
                break;
            }
        }
        literal.at_end().then_some(())
    })();
    let (Some(()), Some(descr), Some(fortran), Some(shape)) = (complete, descr, fortran, shape)
    else {
        let received = shown(text, 100);
        let expected = "a header {'descr': …, 'fortran_order': …, 'shape': …}";
        let advice = "the file is damaged; write it again with numpy.save";
        return Err(origin.content(expected, received, advice));
    };
    let (dtype, big_endian) = element(descr).ok_or_else(|| refusal(descr, origin))?;
    Ok(Header { dtype, big_endian, fortran, shape })
}

/// The element type and whether it is big-endian.
fn element(descr: &[u8]) -> Option<(DType, bool)> {
    let (&order, kind) = descr.split_first()?;
    let dtype = match kind {
        b"b1" => DType::Bool,
        b"u1" => DType::U8,
        b"u2" => DType::U16,
        b"u4" => DType::U32,
        b"u8" => DType::U64,
        b"i1" => DType::I8,
        b"i2" => DType::I16,
        b"i4" => DType::I32,
        b"i8" => DType::I64,
        b"f2" => DType::F16,
        b"f4" => DType::F32,
        b"f8" => DType::F64,
        b"V2" => DType::BF16,
        _ => return None,
    };
    match order {
        b'<' => Some((dtype, false)),
        b'>' => Some((dtype, true)),
        b'|' if dtype.size_bytes() == 1 || dtype == DType::BF16 => Some((dtype, false)),
        _ => None,
    }
}

/// The error for an element type that holds no numbers we have.
fn refusal(descr: &[u8], origin: Origin<'_>) -> crate::Error {
    let (kind, advice) = match descr {
        [b'[', ..] => ("records", "store each field as an array of its own"),
        [_, b'U' | b'S' | b'a', ..] => ("strings", "store numbers, e.g. the index in a vocabulary"),
        [_, b'O', ..] => {
            ("Python objects", "they are pickled programs and never read; store plain numbers")
        }
        [_, b'M' | b'm', ..] => ("dates", "store them as float64 or int64"),
        [_, b'c', ..] => ("complex numbers", "store real and imaginary part as two arrays"),
        _ => ("an unknown element type", "convert the array with .astype first"),
    };
    let known = DType::names().join(", ");
    let descr = shown(descr, 40);
    origin.content(format!("numbers ({known})"), format!("{kind} (`{descr}`)"), advice)
}

/// The start of a header as text for a message.
fn shown(text: &[u8], bytes_max: usize) -> String {
    let start = text[..text.len().min(bytes_max)].trim_ascii_end();
    start.escape_ascii().to_string().replace("\\'", "'")
}

/// A cursor over the few forms of Python literal that headers use.
struct Literal<'a> {
    rest: &'a [u8],
}

impl<'a> Literal<'a> {
    fn accept(&mut self, byte: u8) -> bool {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }

    fn at_end(&self) -> bool {
        self.rest.trim_ascii().is_empty()
    }

    /// Takes the longest start whose bytes all satisfy `within`.
    fn take(&mut self, within: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !within(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let quote = if self.accept(b'\'') { b'\'' } else { self.expect(b'"').map(|()| b'"')? };
        let text = self.take(|byte| byte != quote && byte != b'\\');
        self.expect(quote)?;
        Some(text)
    }

    /// A string, or the list of a record's fields, which is taken whole up to its last bracket.
    fn descr(&mut self) -> Option<&'a [u8]> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.first() != Some(&b'[') {
            return self.string();
        }
        let end = self.rest.iter().rposition(|&byte| byte == b']')?;
        let (list, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        Some(list)
    }

    fn boolean(&mut self) -> Option<bool> {
        self.rest = self.rest.trim_ascii_start();
        match self.take(|byte| byte.is_ascii_alphabetic()) {
            b"True" => Some(true),
            b"False" => Some(false),
            _ => None,
        }
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.expect(b'(')?;
        let mut sizes = Vec::new();
        while !self.accept(b')') {
            self.rest = self.rest.trim_ascii_start();
            let digits = str::from_utf8(self.take(|byte| byte.is_ascii_digit())).ok()?;
            sizes.push(digits.parse().ok()?);
            // Python 2 wrote long integers with this suffix.
            self.accept(b'L');
            if sizes.len() > RANK_MAX {
                return None;
            }
            if !self.accept(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Some(sizes)
    }
}
