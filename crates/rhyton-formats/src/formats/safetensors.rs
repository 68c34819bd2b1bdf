//! Hugging Face's safetensors: a JSON header with name, type, shape and place of each tensor, then
//! the bytes. No code, no configuration.
//!
//! Source: <https://github.com/huggingface/safetensors>, format section of its README.

use std::collections::BTreeMap;

use rhyton_tensor::{Array, DType, volume};
use serde_json::{Map, Value, json};

use super::{Format, WeightForm};
use crate::atomic::Sink;
use crate::limits::{RANK_MAX, TENSOR_HEADER_BYTES_MAX};
use crate::{Error, ModelFile, Result};

pub(super) const FORMAT: Format = Format {
    extensions: &[".safetensors"],
    description: "weights by path, without configuration, as Hugging Face keeps them",
    has_configuration: false,
    form: WeightForm::Named,
    detect,
    read: |bytes| Ok(ModelFile { named: Some(read(&bytes)?), ..ModelFile::default() }),
    write,
};

/// The bytes before the header: its length.
const LENGTH_BYTES: usize = 8;
const METADATA: &str = "__metadata__";
const ALIGNMENT: usize = 8;

/// The names of element types; those without one here aren't arrays.
const DTYPES: [(&str, DType); 13] = [
    ("BOOL", DType::Bool),
    ("U8", DType::U8),
    ("U16", DType::U16),
    ("U32", DType::U32),
    ("U64", DType::U64),
    ("I8", DType::I8),
    ("I16", DType::I16),
    ("I32", DType::I32),
    ("I64", DType::I64),
    ("F16", DType::F16),
    ("BF16", DType::BF16),
    ("F32", DType::F32),
    ("F64", DType::F64),
];

fn detect(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length));
    length.is_some_and(|length| length <= TENSOR_HEADER_BYTES_MAX)
        && bytes.get(LENGTH_BYTES) == Some(&b'{')
}

fn read(bytes: &[u8]) -> Result<BTreeMap<String, Array>> {
    let (header, data) = split(bytes)?;
    let header: Value = serde_json::from_slice(header)
        .map_err(|cause| Error::Json { member: "header of the safetensors file", cause })?;
    let Value::Object(header) = header else {
        return Err(damaged("header", "an object", "another value"));
    };
    let mut tensors = BTreeMap::new();
    let mut places = Vec::new();
    for (name, entry) in header.into_iter().filter(|(name, _)| name != METADATA) {
        let (array, place) = tensor(&name, &entry, data)?;
        places.push((place, name.clone()));
        tensors.insert(name, array);
    }
    check_places(places, data.len())?;
    Ok(tensors)
}

fn split(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let cut_off = || damaged("header", "its length and as many bytes", "the end of the file");
    let (length, rest) = bytes.split_first_chunk().ok_or_else(cut_off)?;
    let length = u64::from_le_bytes(*length);
    let length = usize::try_from(length).ok().filter(|&length| length <= rest.len());
    Ok(rest.split_at(length.ok_or_else(cut_off)?))
}

/// A tensor of the header, and where its bytes are.
fn tensor(name: &str, entry: &Value, data: &[u8]) -> Result<(Array, (usize, usize))> {
    let place = format!("tensor `{name}`");
    let refuse = |key: &str, expected: &str| {
        let received = entry.get(key).map_or("nothing".to_owned(), Value::to_string);
        damaged(&place, &format!("`{key}` to be {expected}"), &shortened(received))
    };
    let known = entry.get("dtype").and_then(Value::as_str);
    let known = known.and_then(|given| DTYPES.iter().find(|(name, _)| *name == given));
    let (_, dtype) = known.ok_or_else(|| {
        let names: Vec<&str> = DTYPES.iter().map(|(name, _)| *name).collect();
        refuse("dtype", &format!("one of {}", names.join(", ")))
    })?;
    let shape = sizes(entry.get("shape")).filter(|shape| shape.len() <= RANK_MAX);
    let shape = shape.ok_or_else(|| refuse("shape", "a list of at most 32 sizes"))?;
    let offsets = sizes(entry.get("data_offsets"));
    let Some(&[start, end]) = offsets.as_deref() else {
        return Err(refuse("data_offsets", "[start, end]"));
    };
    let values = data.get(start..end);
    let values =
        values.ok_or_else(|| refuse("data_offsets", &format!("within {} bytes", data.len())))?;
    let needed = volume(&shape).ok().and_then(|count| count.checked_mul(dtype.size_bytes()));
    if needed != Some(values.len()) {
        return Err(refuse("shape", &format!("that of {} bytes of {dtype}", values.len())));
    }
    if *dtype == DType::Bool && values.iter().any(|&byte| byte > 1) {
        return Err(damaged(&place, "booleans of 0 and 1", "other bytes"));
    }
    let array = Array::from_bytes(*dtype, &shape, values)
        .map_err(|error| damaged(&place, "an array", &error.to_string()))?;
    Ok((array, (start, end)))
}

fn sizes(value: Option<&Value>) -> Option<Vec<usize>> {
    let list = value?.as_array()?;
    list.iter().map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok())).collect()
}

/// The tensors must fill the data without holes and without sharing: a small file can't become
/// many copies of its bytes.
fn check_places(mut places: Vec<((usize, usize), String)>, bytes: usize) -> Result<()> {
    places.sort();
    let mut next = 0;
    for ((start, end), name) in places {
        if start != next {
            let place = format!("tensor `{name}`");
            return Err(damaged(&place, &format!("data from byte {next}"), &start.to_string()));
        }
        next = end;
    }
    if next != bytes {
        return Err(damaged("data", &format!("{next} bytes"), &bytes.to_string()));
    }
    Ok(())
}

fn damaged(place: &str, expected: &str, received: &str) -> Error {
    Error::Safetensors {
        place: place.to_owned(),
        expected: expected.to_owned(),
        received: received.to_owned(),
    }
}

fn shortened(text: String) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn write(model: &ModelFile, sink: &mut dyn Sink) -> Result<()> {
    let empty = BTreeMap::new();
    let mut tensors: Vec<_> = model.named.as_ref().unwrap_or(&empty).iter().collect();
    // Wide elements first, as the reference does: each tensor is then aligned to its elements.
    tensors.sort_by_key(|(_, array)| std::cmp::Reverse(array.dtype().size_bytes()));
    let mut header = Map::new();
    let mut next = 0;
    for (name, array) in &tensors {
        if *name == METADATA {
            let expected = "another name; this one is the format's own";
            return Err(Error::Name { what: "weights", name: (*name).clone(), expected });
        }
        let dtype = DTYPES.iter().find(|(_, dtype)| *dtype == array.dtype());
        let (dtype, _) = dtype.expect("every element type is listed");
        let end = next + array.bytes().len();
        let entry = json!({"dtype": dtype, "shape": array.shape(), "data_offsets": [next, end]});
        header.insert((*name).clone(), entry);
        next = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    let mut put = |bytes: &[u8]| sink.write_all(bytes).map_err(Error::io("write it"));
    put(&(header.len() as u64).to_le_bytes())?;
    put(&header)?;
    tensors.iter().try_for_each(|(_, array)| put(array.bytes()))?;
    sink.flush().map_err(Error::io("write it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_bytes;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn every_element_type_and_shape_comes_back() {
        let mut named = BTreeMap::new();
        for (place, (_, dtype)) in DTYPES.into_iter().enumerate() {
            for shape in [&[][..], &[0, 3], &[3, 2]] {
                let array = Array::full(dtype, shape, 1.0);
                named.insert(format!("layer_{place}/κ{}", shape.len()), array);
            }
        }
        for named in [named, BTreeMap::new()] {
            let model = ModelFile { named: Some(named), ..ModelFile::default() };
            let bytes = FORMAT.write_bytes(&model).unwrap();
            assert_eq!(read_bytes(&bytes).unwrap(), model);
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let named = [("a".to_owned(), Array::from_slice(&[2], &[1_u8, 2]).unwrap())].into();
        let model = ModelFile { named: Some(named), ..ModelFile::default() };
        let header = r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   "#;
        assert_eq!(FORMAT.write_bytes(&model).unwrap(), file(header, &[1, 2]));
    }

    #[test]
    fn metadata_is_skipped() {
        let header = r#"{"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,4],"shape":[],"dtype":"F32"}}"#;
        let model = read_bytes(&file(header, &[0, 0, 128, 63])).unwrap();
        assert_eq!(model.named.unwrap()["a"], Array::scalar(1_f32));
    }

    #[test]
    fn damage_is_named() {
        let entry = |dtype: &str, shape: &str, offsets: &str| {
            format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        let cases = [
            (entry("F32", "[1]", "[0,8]"), "`data_offsets` to be within 4 bytes"),
            (entry("F32", "[1]", "[4,0]"), "`data_offsets` to be within 4 bytes"),
            (entry("F32", "[2]", "[0,4]"), "`shape` to be that of 4 bytes"),
            (entry("F32", "[4294967296,4294967296]", "[0,4]"), "`shape` to be that of 4 bytes"),
            (entry("F32", "[-1]", "[0,4]"), "`shape` to be a list"),
            (entry("F8_E4M3", "[4]", "[0,4]"), "`dtype` to be one of BOOL"),
            (entry("U8", "[2]", "[0,2]"), "data: expected 2 bytes, received 4"),
            (entry("U8", "[2]", "[2,4]"), "data from byte 0, received 2"),
            (entry("BOOL", "[4]", "[0,4]"), "booleans"),
            ("[1]".to_owned(), "expected"),
            ("{".to_owned(), "EOF while parsing"),
        ];
        for (header, expected) in cases {
            let error = read(&file(&header, &[9; 4])).unwrap_err().to_string();
            assert!(error.contains(expected), "{header}: {error}");
        }
        for bytes in [&[][..], &[9, 0, 0], &[255, 255, 255, 255, 255, 255, 255, 255, b'{']] {
            assert!(read(bytes).unwrap_err().to_string().contains("header"), "{bytes:?}");
        }
    }
}
