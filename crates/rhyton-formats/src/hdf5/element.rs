use hdf5_pure::{Datatype, DatatypeByteOrder, FixedPointLayout, FloatingPointLayout};
use rhyton_tensor::DType;

/// The name Keras writes beside two opaque bytes.
pub(super) const BFLOAT16: &str = "bfloat16";

const BINARY16: FloatingPointLayout = FloatingPointLayout {
    bit_offset: 0,
    bit_precision: 16,
    exponent_location: 10,
    exponent_size: 5,
    mantissa_location: 0,
    mantissa_size: 10,
    exponent_bias: 15,
};

const BRAIN16: FloatingPointLayout = FloatingPointLayout {
    exponent_location: 7,
    exponent_size: 8,
    mantissa_size: 7,
    exponent_bias: 127,
    ..BINARY16
};

/// How a dataset stores one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) dtype: DType,
    pub(super) big_endian: bool,
}

/// The element type of an HDF5 type; `label` is the dataset's `dtype` attribute. None if arrays
/// have no such elements.
pub(super) fn element(datatype: &Datatype, label: Option<&str>) -> Option<Element> {
    let (dtype, order) = match datatype {
        Datatype::FloatingPoint { size, byte_order, layout } => {
            (float(*size, *layout)?, Some(*byte_order))
        }
        Datatype::FixedPoint { size, byte_order, layout } => {
            (integer(*size, *layout)?, Some(*byte_order))
        }
        Datatype::Enumeration { size: 1, members, .. } => {
            let is = |index: usize, name: &str| {
                members.get(index).is_some_and(|m| m.name == name && m.value == [index as u8])
            };
            let is_bool = members.len() == 2 && is(0, "FALSE") && is(1, "TRUE");
            (is_bool.then_some(DType::Bool)?, None)
        }
        Datatype::Opaque { size: 2, .. } if label == Some(BFLOAT16) => (DType::BF16, None),
        _ => return None,
    };
    let big_endian = match order {
        None | Some(DatatypeByteOrder::LittleEndian) => false,
        Some(DatatypeByteOrder::BigEndian) => true,
        Some(DatatypeByteOrder::Vax) => return None,
    };
    Some(Element { dtype, big_endian })
}

fn float(size: u32, layout: FloatingPointLayout) -> Option<DType> {
    match (size, layout) {
        (2, BINARY16) => Some(DType::F16),
        (2, BRAIN16) => Some(DType::BF16),
        (4, FloatingPointLayout::IEEE754_BINARY32) => Some(DType::F32),
        (8, FloatingPointLayout::IEEE754_BINARY64) => Some(DType::F64),
        _ => None,
    }
}

fn integer(size: u32, layout: FixedPointLayout) -> Option<DType> {
    if layout.bit_offset != 0 || u32::from(layout.bit_precision) != size.checked_mul(8)? {
        return None;
    }
    match (size, layout.signed) {
        (1, false) => Some(DType::U8),
        (2, false) => Some(DType::U16),
        (4, false) => Some(DType::U32),
        (8, false) => Some(DType::U64),
        (1, true) => Some(DType::I8),
        (2, true) => Some(DType::I16),
        (4, true) => Some(DType::I32),
        (8, true) => Some(DType::I64),
        _ => None,
    }
}

/// The datatype message that h5py writes for an element type.
pub(super) fn message(dtype: DType) -> Vec<u8> {
    let size = dtype.size_bytes() as u8;
    match dtype {
        DType::Bool => {
            let mut bytes = vec![0x18, 2, 0, 0, size, 0, 0, 0];
            bytes.extend(message(DType::I8));
            bytes.extend(b"FALSE\0\0\0TRUE\0\0\0\0");
            bytes.extend([0, 1]);
            bytes
        }
        DType::BF16 => vec![0x15, 0, 0, 0, size, 0, 0, 0],
        DType::F16 => float_message(size, [10, 5, 0, 10], 15),
        DType::F32 => float_message(size, [23, 8, 0, 23], 127),
        DType::F64 => float_message(size, [52, 11, 0, 52], 1023),
        _ => {
            let signed = if dtype.is_signed() { 0x08 } else { 0 };
            vec![0x10, signed, 0, 0, size, 0, 0, 0, 0, 0, size * 8, 0]
        }
    }
}

/// `fields`: exponent location and size, mantissa location and size, in bits.
fn float_message(size: u8, fields: [u8; 4], bias: u32) -> Vec<u8> {
    let bits = size * 8;
    // 0x20: little-endian, the mantissa's leading 1 is implied; then the sign's bit.
    let mut bytes = vec![0x11, 0x20, bits - 1, 0, size, 0, 0, 0, 0, 0, bits, 0];
    bytes.extend(fields);
    bytes.extend(bias.to_le_bytes());
    bytes
}
