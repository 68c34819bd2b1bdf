use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The type of an array's elements, named as in Keras and NumPy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// IEEE half precision.
    F16,
    /// The upper half of a float32.
    BF16,
    /// IEEE single precision, the default.
    F32,
    /// IEEE double precision.
    F64,
}

impl DType {
    /// Every element type, narrow before wide within a kind.
    pub const ALL: [Self; 13] = [
        Self::Bool,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
    ];

    /// The name Keras gives it, e.g. `float32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// The names of all element types.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|dtype| dtype.name()).collect()
    }

    /// Bytes per element.
    pub fn size_bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether it is one of the floating-point types.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// Whether it is a signed or unsigned integer; bool is neither.
    pub fn is_integer(self) -> bool {
        !self.is_float() && self != Self::Bool
    }

    /// Whether negative values exist.
    pub fn is_signed(self) -> bool {
        self.is_float() || matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DType {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|dtype| dtype.name() == name)
            .ok_or_else(|| Error::UnknownDType { name: name.to_owned() })
    }
}

/// The element type that holds the result of combining two, by Keras' lattice (3.15,
/// `keras.backend.result_type`): bool < unsigned < signed < float16, bfloat16 < float32 < float64,
/// an unsigned and a signed integer meet in the signed type that holds both, an integer takes the
/// float's type, 64-bit integers against each other unsigned meet in float32.
pub fn result_type(a: DType, b: DType) -> DType {
    use DType::{BF16, Bool, F16, F32, F64};
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    match (low, high) {
        _ if low == high => high,
        (Bool, other) => other,
        (F16, BF16) => F32,
        (_, F64 | F32 | F16 | BF16) if !low.is_float() => high,
        _ if low.is_float() => high,
        _ => integer_result(low, high),
    }
}

/// The meeting point of two integer types; `low` sorts before `high`, so unsigned comes first.
fn integer_result(low: DType, high: DType) -> DType {
    use DType::{F32, I16, I32, I64, U8, U16, U32, U64};
    if low.is_signed() == high.is_signed() || high.size_bytes() > low.size_bytes() {
        return high;
    }
    match low {
        U8 => I16,
        U16 => I32,
        U32 => I64,
        U64 => F32,
        _ => unreachable_signed(high),
    }
}

/// A signed `low` with an unsigned `high` can't be: unsigned types sort first.
fn unreachable_signed(high: DType) -> DType {
    debug_assert!(high.is_signed(), "integer types sort unsigned before signed");
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for dtype in DType::ALL {
            assert_eq!(dtype.name().parse::<DType>().unwrap(), dtype);
        }
        assert!("float".parse::<DType>().unwrap_err().to_string().contains("float32"));
    }

    #[test]
    fn the_lattice_is_keras() {
        use DType::{BF16, Bool, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        // Keras 3.15.1, keras.backend.result_type
        for (a, b, expected) in [
            (Bool, U8, U8),
            (U8, I8, I16),
            (U16, I8, I32),
            (U32, I32, I64),
            (U64, I64, F32),
            (U8, I32, I32),
            (I64, F16, F16),
            (F16, BF16, F32),
            (BF16, F32, F32),
            (F32, F64, F64),
            (I32, F32, F32),
        ] {
            assert_eq!(result_type(a, b), expected, "{a} {b}");
            assert_eq!(result_type(b, a), expected, "{b} {a}");
        }
    }
}
