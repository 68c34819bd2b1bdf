use std::path::PathBuf;

use proptest::prelude::*;
use rhyton_tensor::{bf16, f16};

use super::*;
use crate::bounded::mutation;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("goldens/{name}.npy"))
}

fn decode(mut bytes: &[u8]) -> Result<Array> {
    let size_bytes = bytes.len() as u64;
    read_from(&mut bytes, size_bytes, Origin::new(Path::new("f.npy"), "array"))
}

fn encode(array: &Array) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, array).unwrap();
    bytes
}

/// What `goldens/make.py` put into each file.
fn expected() -> Vec<(&'static str, Array)> {
    let count: Vec<f32> = (0..24).map(|value| value as f32).collect();
    [
        ("bool", Array::from_bools(&[1, 3], &[true, false, true])),
        ("uint8", Array::from_slice(&[2], &[0_u8, 255])),
        ("uint16_big", Array::from_slice(&[2], &[1, u16::MAX])),
        ("uint32", Array::from_slice(&[2], &[1, u32::MAX])),
        ("uint64_big", Array::from_slice(&[2], &[1, u64::MAX])),
        ("int8", Array::from_slice(&[2], &[i8::MIN, i8::MAX])),
        ("int16", Array::from_slice(&[2], &[i16::MIN, 300])),
        ("int32_big_fortran", Array::from_slice(&[2, 3], &[0, 1, 2, 3, 4, 5])),
        ("int64", Array::from_slice(&[2], &[i64::MIN, i64::MAX])),
        ("float16", Array::from_slice(&[3], &[0.5, -65504.0, 6e-8].map(f16::from_f64))),
        ("bfloat16", Array::from_slice(&[2], &[0.5, -3.0].map(bf16::from_f64))),
        ("float32", Array::from_slice(&[2, 2], &[1.5_f32, -2.25, 0.0, f32::INFINITY])),
        ("float32_fortran", Array::from_slice(&[2, 3, 4], &count)),
        ("float64_big", Array::from_slice(&[1], &[std::f64::consts::PI])),
        ("scalar", Array::from_slice(&[], &[7.5_f32])),
        ("empty", Array::from_slice::<f32>(&[0, 3], &[])),
        ("version2", Array::from_slice(&[3], &[0, 1, 2])),
    ]
    .map(|(name, array)| (name, array.unwrap()))
    .to_vec()
}

#[test]
fn numpys_files_are_read() {
    for (name, expected) in expected() {
        assert_eq!(read(&golden(name)).unwrap(), expected, "{name}");
    }
}

#[test]
fn files_are_written_byte_for_byte_as_numpy_does() {
    for (name, array) in expected() {
        if !name.contains("_big") && !name.contains("_fortran") && name != "version2" {
            let golden = std::fs::read(golden(name)).unwrap();
            assert_eq!(
                encode(&array).escape_ascii().to_string(),
                golden.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn what_holds_no_numbers_is_refused() {
    let message = |name: &str| {
        let message = read(&golden(name)).unwrap_err().to_string();
        message[message.find(".npy").unwrap()..].to_owned()
    };
    insta::assert_snapshot!(message("string"), @".npy: array: expected numbers (bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, bfloat16, float32, float64), received strings (`<U2`); store numbers, e.g. the index in a vocabulary");
    insta::assert_snapshot!(message("object"), @".npy: array: expected numbers (bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, bfloat16, float32, float64), received Python objects (`|O`); they are pickled programs and never read; store plain numbers");
    insta::assert_snapshot!(message("complex64"), @".npy: array: expected numbers (bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, bfloat16, float32, float64), received complex numbers (`<c8`); store real and imaginary part as two arrays");
    insta::assert_snapshot!(message("record"), @".npy: array: expected numbers (bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, bfloat16, float32, float64), received records (`[('a', '<f4'), ('b', '<i4')]`); store each field as an array of its own");
}

#[test]
fn damaged_files_say_what_is_wrong() {
    let whole = encode(&Array::from_slice(&[2], &[1_i32, 2]).unwrap());
    let message = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
    insta::assert_snapshot!(message(b"\x93NUM"), @"f.npy: array: expected more bytes, received the end of the data; the file is cut off; fetch or write it again");
    insta::assert_snapshot!(message(b"PK\x03\x04    "), @r"f.npy: array: expected the bytes \x93NUMPY, received PK\x03\x04  ; the file is no .npy array; check its name");
    insta::assert_snapshot!(message(b"\x93NUMPY\x09\x00"), @"f.npy: array: expected format version 1, 2 or 3, received version 9.0; write the array again with numpy.save");
    insta::assert_snapshot!(message(&whole[..whole.len() - 1]), @"f.npy: array: expected 8 bytes for int32 of shape [2], received 7 bytes; the file is cut off, or holds more than one array; write it again");
    let claim = |shape: &str| {
        let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    insta::assert_snapshot!(message(&claim("(4000000000,)")), @"f.npy: array: expected 16000000000 bytes for float32 of shape [4000000000], received 0 bytes; the file is cut off, or holds more than one array; write it again");
    insta::assert_snapshot!(message(&claim("(4000000000, 4000000000)")), @"f.npy: array: expected a shape that fits in memory, received [4000000000, 4000000000]; the file is damaged; fetch or write it again");
    insta::assert_snapshot!(message(&claim("(-1,)")), @"f.npy: array: expected a header {'descr': …, 'fortran_order': …, 'shape': …}, received {'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}; the file is damaged; write it again with numpy.save");
    assert_eq!(decode(&claim("(0L, 3L)")).unwrap().shape(), &[0, 3]);
    assert!(decode(&claim(&format!("({})", "1,".repeat(65)))).is_err());
}

#[test]
fn mutated_files_never_panic() {
    for (name, _) in expected() {
        let original = std::fs::read(golden(name)).unwrap();
        let accepted = (0..500).filter(|&case| decode(&mutation(&original, case)).is_ok()).count();
        assert!((1..500).contains(&accepted), "{name}: {accepted}");
    }
}

#[test]
fn writing_is_atomic_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let array = Array::from_bools(&[2], &[false, true]).unwrap();
    write(&path, &array).unwrap();
    assert_eq!(read(&path).unwrap(), array);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_array_round_trips(
        dtype in proptest::sample::select(DType::ALL.to_vec()),
        shape in proptest::collection::vec(0_usize..5, 0..5),
        fill: u64,
    ) {
        let mut array = Array::zeros(dtype, &shape);
        let mask = if dtype == DType::Bool { 1 } else { 255 };
        for (index, byte) in array.bytes_mut().iter_mut().enumerate() {
            *byte = (fill.wrapping_mul(index as u64 + 1) >> 32) as u8 & mask;
        }
        prop_assert_eq!(decode(&encode(&array)).unwrap(), array);
    }

    #[test]
    fn transposing_twice_gives_the_array(shape in proptest::collection::vec(0_usize..5, 0..5)) {
        let count = volume(&shape).unwrap() as i32;
        let array = Array::from_slice(&shape, &(0..count).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(transposed(&transposed(&array).unwrap()).unwrap(), array);
    }
}
