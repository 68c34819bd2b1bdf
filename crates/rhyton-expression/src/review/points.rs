use crate::slices::Rounding;

/// Bits of infinity, the first that are no finite float32.
const END: u32 = 0x7f80_0000;

/// Float32 magnitudes in rising order, as bits: one out of each of `strata` equally many neighbours,
/// drawn by a fixed generator, and with `halves` every float16 and bfloat16 value; always 0.
pub(super) fn magnitudes(strata: u64, halves: bool) -> Vec<u32> {
    // Both signs are reviewed, so each has half of the strata.
    let strata = (strata / 2).next_power_of_two();
    let places = strata.trailing_zeros();
    let edge = |stratum: u64| (u64::from(END) * stratum) >> places;
    let drawn = |stratum: u64| {
        let (first, end) = (edge(stratum), edge(stratum + 1));
        (first + ((scattered(stratum) * (end - first)) >> 32)) as u32
    };
    let drawn: Vec<u32> = (0..strata).map(drawn).collect();
    let mut points = Vec::with_capacity(drawn.len() + (1 << 17));
    let (mut rest, mut half) = (&drawn[..], 0);
    while half < END {
        let next = if halves { next_half(half) } else { END };
        points.push(half);
        rest = rest.strip_prefix(&[half]).unwrap_or(rest);
        let count = rest.iter().take_while(|drawn| **drawn < next).count();
        let (before, after) = rest.split_at(if halves { count } else { rest.len() });
        points.extend_from_slice(before);
        (rest, half) = (after, next);
    }
    points
}

/// 32 bits that look drawn at random, for each number others.
fn scattered(number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)) >> 32
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
    // One sign after the other: neighbours are evaluated together.
    let magnitudes = (0..finite).step_by(step).map(magnitude);
    magnitudes.clone().chain(magnitudes.map(|x| -x)).collect()
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
                for x in half_values(rounding, 1).into_iter().filter(|x| x.is_sign_positive()) {
                    assert_eq!(rounding.of(x), x);
                    assert!(points.binary_search(&(x as f32).to_bits()).is_ok(), "{x:e}");
                }
            }
        }
    }
}
