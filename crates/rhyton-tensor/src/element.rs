use bytemuck::Pod;
use half::{bf16, f16};

use crate::DType;

/// A Rust number that can be an array's element. `u8` stands for uint8; bool arrays are viewed as
/// `u8` through [`crate::Array::bytes`].
pub trait Element: Pod + PartialOrd + Send + Sync {
    /// The element type's name in arrays and files.
    const DTYPE: DType;
    /// The nearest element to `value`; floats round, integers truncate and saturate as `as` does.
    fn from_f64(value: f64) -> Self;
    /// The value as a double; 64-bit integers may round.
    fn to_f64(self) -> f64;
}

macro_rules! element {
    ($($type:ty => $dtype:ident),*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;

            fn from_f64(value: f64) -> Self {
                value as Self
            }

            fn to_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}

element!(u8 => U8, u16 => U16, u32 => U32, u64 => U64, i8 => I8, i16 => I16, i32 => I32, i64 => I64);

impl Element for f32 {
    const DTYPE: DType = DType::F32;

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Element for f64 {
    const DTYPE: DType = DType::F64;

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }
}

impl Element for f16 {
    const DTYPE: DType = DType::F16;

    fn from_f64(value: f64) -> Self {
        Self::from_f64(value)
    }

    fn to_f64(self) -> f64 {
        self.to_f64()
    }
}

impl Element for bf16 {
    const DTYPE: DType = DType::BF16;

    fn from_f64(value: f64) -> Self {
        Self::from_f64(value)
    }

    fn to_f64(self) -> f64 {
        self.to_f64()
    }
}
