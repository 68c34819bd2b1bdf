use crate::slices::Rounding;

/// Bits of infinity, the first that are no finite float32.
const END: u32 = 0x7f80_0000;

/// Float32 magnitudes in rising order, as bits: one out of each of `strata` equally many neighbours,
/// drawn by a fixed generator, and with `halves` every float16 and bfloat16 value; always 0.
pub(super) fn magnitudes(strata: u64, halves: bool) -> Vec<u32> {
    // Both signs are reviewed, so each has half of the strata.
    let strata = (strata / 2).next_power_of_two();
    let places = strata.trailing_zeros();
    let mut points = Vec::with_capacity(strata as usize + (1 << 17));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut half = 0;
    for stratum in 0..strata {
        let edge = |stratum: u64| ((u64::from(END) * stratum) >> places) as u32;
        let (first, end) = (edge(stratum), edge(stratum + 1));
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = first + (((state >> 32) * u64::from(end - first)) >> 32) as u32;
        while half <= drawn {
            points.push(half);
            half = if halves { next_half(half) } else { END };
        }
        if points.last() != Some(&drawn) {
            points.push(drawn);
        }
        while half < end {
            points.push(half);
            half = if halves { next_half(half) } else { END };
        }
    }
    points
}

/// The next magnitude with the mantissa of bfloat16 or, where float16 has values, of float16.
fn next_half(bits: u32) -> u32 {
    let exponent = (bits >> 23) as i32 - 127;
    bits + if (-24..=15).contains(&exponent) { 1 << 13 } else { 1 << 16 }
}

/// The finite values of a 16-bit format, every `step`-th.
pub(super) fn half_values(rounding: Rounding, step: usize) -> Vec<f64> {
    let finite = if rounding == Rounding::Float16 { 0x7c00 } else { 0x7f80 };
    let magnitude = |bits: u32| match rounding {
        Rounding::Float16 => {
            let (exponent, mantissa) = ((bits >> 10) as i32, f64::from(bits & 0x3ff));
            if exponent == 0 {
                mantissa * f64::exp2(-24.0)
            } else {
                (1024.0 + mantissa) * f64::exp2(f64::from(exponent - 25))
            }
        }
        _ => f64::from(f32::from_bits(bits << 16)),
    };
    (0..finite).step_by(step).map(magnitude).flat_map(|x| [x, -x]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_halves_are_among_the_magnitudes() {
        for strata in [1 << 10, 1 << 17, 1 << 20] {
            let points = magnitudes(strata, true);
            assert!(points.is_sorted_by(|a, b| a < b) && points.len() as u64 >= strata / 2);
            for rounding in [Rounding::Float16, Rounding::BFloat16] {
                for x in half_values(rounding, 1).into_iter().step_by(2) {
                    assert_eq!(rounding.of(x), x);
                    assert!(points.binary_search(&(x as f32).to_bits()).is_ok(), "{x:e}");
                }
            }
        }
    }
}
