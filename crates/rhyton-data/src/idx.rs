//! IDX, the format of MNIST: a type, sizes and values, all big-endian, plain or gzipped.
//!
//! Source: C. Cortes and others, "The MNIST database of handwritten digits", the section on formats.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use rhyton_tensor::{Array, DType};

use crate::bounded::{DEFLATE_RATIO_MAX, expect_end};
use crate::error::Origin;
use crate::npy::to_little_endian;
use crate::{Error, Result};

/// The first two bytes of a gzip stream.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];
/// The format has one byte for the rank; real files have one to four axes.
const RANK_MAX: u8 = 32;

/// Reads an array from an IDX file, gunzipping it if it starts like a gzip stream.
///
/// # Errors
/// [`Error::Io`]; [`Error::Content`] for a wrong magic number or type, a claimed shape that the
/// file's size can't hold, and missing or extra bytes.
pub fn read(path: &Path) -> Result<Array> {
    let mut file = File::open(path).map_err(Error::io(path, "open"))?;
    let size_bytes = file.metadata().map_err(Error::io(path, "read"))?.len();
    let origin = Origin::new(path, "IDX array");
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start).map_err(Error::io(path, "read"))?;
    file.rewind().map_err(Error::io(path, "read"))?;
    read_from(BufReader::new(file), size_bytes, start == GZIP_MAGIC, origin)
}

/// Reads an array from a stream of `size_bytes` bytes, gzipped or plain.
pub(crate) fn read_from(
    reader: impl Read,
    size_bytes: u64,
    gzipped: bool,
    origin: Origin<'_>,
) -> Result<Array> {
    if gzipped {
        let bound = size_bytes.saturating_mul(DEFLATE_RATIO_MAX);
        read_plain(&mut MultiGzDecoder::new(reader), bound, origin)
    } else {
        let mut reader = reader;
        read_plain(&mut reader, size_bytes, origin)
    }
}

/// Reads header and values; `bound` is the most bytes that the stream can deliver, and nothing
/// larger is allocated.
fn read_plain(reader: &mut dyn Read, bound: u64, origin: Origin<'_>) -> Result<Array> {
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(|error| origin.reading(error))?;
    let [zero, zero_too, kind, rank] = magic;
    let dtype = if (zero, zero_too) == (0, 0) { element(kind) } else { None };
    let (Some(dtype), 1..=RANK_MAX) = (dtype, rank) else {
        let expected = "the magic number 00 00, a type of 08 09 0b 0c 0d 0e, and the rank";
        let received = format!("{zero:02x} {zero_too:02x} {kind:02x} {rank:02x}");
        return Err(origin.content(expected, received, "the file is no IDX file; check its name"));
    };
    let mut shape = Vec::with_capacity(rank.into());
    for _ in 0..rank {
        let mut size = [0; 4];
        reader.read_exact(&mut size).map_err(|error| origin.reading(error))?;
        shape.push(u32::from_be_bytes(size) as usize);
    }
    let needed = origin.size_bytes(dtype, &shape)? as u64;
    let available = bound.saturating_sub(4 + 4 * u64::from(rank));
    if needed > available {
        return Err(origin.content(
            format!("{needed} bytes for {dtype} of shape {shape:?}"),
            format!("at most {available}"),
            "the file is cut off; fetch it again",
        ));
    }
    let mut array = Array::zeros(dtype, &shape);
    reader.read_exact(array.bytes_mut()).map_err(|error| origin.reading(error))?;
    expect_end(reader, origin)?;
    to_little_endian(&mut array);
    Ok(array)
}

fn element(kind: u8) -> Option<DType> {
    match kind {
        0x08 => Some(DType::U8),
        0x09 => Some(DType::I8),
        0x0B => Some(DType::I16),
        0x0C => Some(DType::I32),
        0x0D => Some(DType::F32),
        0x0E => Some(DType::F64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn bytes(kind: u8, sizes: &[u32], values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, kind, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(values);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(bytes: &[u8]) -> Result<Array> {
        let gzipped = bytes.starts_with(&GZIP_MAGIC);
        let origin = Origin::new(Path::new("f"), "IDX array");
        read_from(bytes, bytes.len() as u64, gzipped, origin)
    }

    #[test]
    fn every_type_is_big_endian() {
        let array = decode(&bytes(0x08, &[2, 2], &[1, 2, 3, 255])).unwrap();
        assert_eq!(array, Array::from_slice(&[2, 2], &[1_u8, 2, 3, 255]).unwrap());
        let array = decode(&bytes(0x09, &[1], &[255])).unwrap();
        assert_eq!(array.view::<i8>(), &[-1]);
        let array = decode(&bytes(0x0B, &[1], &[1, 2])).unwrap();
        assert_eq!(array.view::<i16>(), &[0x0102]);
        let array = decode(&bytes(0x0C, &[1], &[0, 0, 1, 2])).unwrap();
        assert_eq!(array.view::<i32>(), &[0x0102]);
        let array = decode(&bytes(0x0D, &[1], &1.5_f32.to_be_bytes())).unwrap();
        assert_eq!(array.view::<f32>(), &[1.5]);
        let array = decode(&gzip(&bytes(0x0E, &[1], &(-2.5_f64).to_be_bytes()))).unwrap();
        assert_eq!(array.view::<f64>(), &[-2.5]);
    }

    #[test]
    fn wrong_files_say_what_is_wrong() {
        let message = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        insta::assert_snapshot!(message(b"\x00\x00\x07\x01\x00\x00\x00\x00"), @"f: IDX array: expected the magic number 00 00, a type of 08 09 0b 0c 0d 0e, and the rank, received 00 00 07 01; the file is no IDX file; check its name");
        insta::assert_snapshot!(message(&bytes(0x08, &[3], &[1, 2])), @"f: IDX array: expected 3 bytes for uint8 of shape [3], received at most 2; the file is cut off; fetch it again");
        insta::assert_snapshot!(message(&bytes(0x08, &[1], &[1, 2])), @"f: IDX array: expected the end of the data, received more bytes; the file is damaged; fetch or write it again");
        insta::assert_snapshot!(message(&bytes(0x08, &[u32::MAX; 3], &[1])), @"f: IDX array: expected a shape that fits in memory, received [4294967295, 4294967295, 4294967295]; the file is damaged; fetch or write it again");
        insta::assert_snapshot!(message(&gzip(&bytes(0x08, &[u32::MAX], &[1]))), @"f: IDX array: expected 4294967295 bytes for uint8 of shape [4294967295], received at most 29920; the file is cut off; fetch it again");
    }

    #[test]
    fn a_gzip_stream_that_fails_its_checksum_is_refused() {
        let mut packed = gzip(&bytes(0x08, &[3], &[1, 2, 3]));
        let checksum = packed.len() - 8;
        packed[checksum] ^= 1;
        let message = decode(&packed).unwrap_err().to_string();
        assert!(message.contains("expected intact data"), "{message}");
    }

    #[test]
    fn mutated_files_never_panic() {
        let plain = bytes(0x0C, &[4, 3], &[7; 48]);
        for original in [plain.clone(), gzip(&plain)] {
            let mut accepted = 0;
            for case in 0..4000_u32 {
                let mutated = crate::bounded::mutation(&original, case);
                accepted += usize::from(decode(&mutated).is_ok());
            }
            assert!(accepted < 4000);
        }
    }
}
