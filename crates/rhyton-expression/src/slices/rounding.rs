/// The format that results are rounded to, halves to even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Float64,
    Float32,
    BFloat16,
    Float16,
}

/// What distinguishes a format narrower than f64.
struct Format {
    /// Bits of f64's mantissa that are lost.
    lost: u32,
    /// The smallest normal value.
    normal_min: f64,
    /// 1.5 times the power of two whose last place in f64 is the format's smallest subnormal:
    /// adding and taking it away rounds to a multiple of that.
    shift: f64,
    /// The least magnitude that becomes infinite.
    overflow: f64,
}

const FLOAT16: Format =
    Format { lost: 42, normal_min: 6.103_515_625e-5, shift: 402_653_184.0, overflow: 65_520.0 };

const BFLOAT16: Format = Format {
    lost: 45,
    normal_min: f32::MIN_POSITIVE as f64,
    shift: 1.5 * f64::from_bits((1023 + 52 - 133) << 52),
    // Halfway from the greatest value, (2 − 2⁻⁷) · 2¹²⁷, to the next power of two.
    overflow: f64::from_bits(0x47ef_f000_0000_0000),
};

impl Rounding {
    /// One value, rounded.
    pub(crate) fn of(self, value: f64) -> f64 {
        match self {
            Self::Float64 => value,
            Self::Float32 => f64::from(value as f32),
            Self::BFloat16 => BFLOAT16.rounded(value),
            Self::Float16 => FLOAT16.rounded(value),
        }
    }

    /// Every value, rounded.
    pub(crate) fn apply(self, values: &mut [f64]) {
        let round_all = |values: &mut [f64], format: &Format| {
            for value in values {
                *value = format.rounded(*value);
            }
        };
        match self {
            Self::Float64 => {}
            Self::Float32 => {
                for value in values {
                    *value = f64::from(*value as f32);
                }
            }
            Self::BFloat16 => round_all(values, &BFLOAT16),
            Self::Float16 => round_all(values, &FLOAT16),
        }
    }

    /// The gap between neighbouring values of the format at a magnitude, of subnormals the least.
    pub(crate) fn gap(self, value: f64) -> f64 {
        let (mantissa, exponent_min) = match self {
            Self::Float64 => (52, -1022),
            Self::Float32 => (23, -126),
            Self::BFloat16 => (7, -126),
            Self::Float16 => (10, -14),
        };
        let exponent = ((value.to_bits() >> 52) & 0x7ff) as i64 - 1023;
        f64::from_bits(((exponent.max(exponent_min) - mantissa + 1023) as u64) << 52)
    }
}

impl Format {
    #[inline]
    fn rounded(&self, value: f64) -> f64 {
        let bits = value.to_bits();
        let half = (1_u64 << (self.lost - 1)) - 1;
        let odd = (bits >> self.lost) & 1;
        let kept = bits.wrapping_add(half + odd) & !((1 << self.lost) - 1);
        let normal = f64::from_bits(kept);
        let subnormal = (value + self.shift) - self.shift;
        let magnitude = value.abs();
        let finite = if magnitude < self.normal_min { subnormal } else { normal };
        let bounded =
            if magnitude >= self.overflow { f64::INFINITY.copysign(value) } else { finite };
        if value.is_nan() { value } else { bounded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhyton_tensor::{Array, DType};

    #[test]
    fn halves_round_as_the_element_types_do() {
        let mut values = vec![0.0, -0.0, 65_519.9, 65_520.0, -1e9, 6e-8, 2.9e-8, 3e-8, f64::MAX];
        values.extend([f64::INFINITY, f32::MAX.into(), 3.395e38, 1e-40, 4.6e-41, 4.5e-41]);
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = f32::from_bits((state >> 32) as u32);
            let scaled = f64::from(value) * 1e-30;
            values.extend([f64::from(value), scaled, (state >> 40) as f64 / 300.0]);
        }
        values.retain(|value| !value.is_nan());
        let array = Array::from_slice(&[values.len()], &values).unwrap();
        for (rounding, dtype) in [
            (Rounding::Float16, DType::F16),
            (Rounding::BFloat16, DType::BF16),
            (Rounding::Float32, DType::F32),
        ] {
            let expected = array.cast(dtype).to_f64();
            for (value, expected) in values.iter().zip(expected) {
                let rounded = rounding.of(*value);
                assert!(rounded == expected, "{rounding:?} of {value:e}: {rounded} {expected}");
            }
        }
        assert!(Rounding::Float16.of(f64::NAN).is_nan());
    }

    #[test]
    fn gaps_are_the_last_places() {
        assert_eq!(Rounding::Float32.gap(1.0), f64::from(f32::EPSILON));
        assert_eq!(Rounding::Float16.gap(1.0), 2.0_f64.powi(-10));
        assert_eq!(Rounding::Float16.gap(0.0), 2.0_f64.powi(-24));
        assert_eq!(Rounding::BFloat16.gap(256.0), 2.0);
    }
}
