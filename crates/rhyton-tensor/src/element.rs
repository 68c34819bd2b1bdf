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
        Self::from_f64(upper_half(value))
    }

    fn to_f64(self) -> f64 {
        self.to_f64()
    }
}

impl Element for bf16 {
    const DTYPE: DType = DType::BF16;

    fn from_f64(value: f64) -> Self {
        Self::from_f64(upper_half(value))
    }

    fn to_f64(self) -> f64 {
        self.to_f64()
    }
}

/// The upper half of the bits, its last one set where the lower half is not nought: `half` reads no
/// more, and so rounds what lies near the middle between two elements to the nearer one.
fn upper_half(value: f64) -> f64 {
    const LOWER: u64 = 0xffff_ffff;
    let bits = value.to_bits();
    let rest = u64::from(bits & LOWER != 0);
    f64::from_bits((bits & !LOWER) | (rest << 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_to_the_nearest() {
        // Just above and below the middle of two neighbours, by less than the upper half tells.
        for above in [1e-7, 1e-12] {
            let element = |value: f64| <bf16 as Element>::from_f64(value).to_f64();
            assert_eq!(element(32_320.0 * (1.0 + above)), 32_384.0);
            assert_eq!(element(32_320.0 * (1.0 - above)), 32_256.0);
            let element = |value: f64| <f16 as Element>::from_f64(value).to_f64();
            assert_eq!(element(2_049.0 * (1.0 + above)), 2_050.0);
            assert_eq!(element(2_051.0 * (1.0 - above)), 2_050.0);
        }
        assert_eq!(<bf16 as Element>::from_f64(32_320.0).to_f64(), 32_256.0);
        assert!(<f16 as Element>::from_f64(f64::from_bits(0x7ff0_0000_0000_0001)).is_nan());
    }
}
