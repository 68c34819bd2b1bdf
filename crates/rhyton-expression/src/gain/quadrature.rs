use std::sync::LazyLock;

/// Gauss' points of one panel.
const POINTS: usize = 16;
/// The normal distribution beyond has less than 10⁻³² of its mass.
const END: f64 = 12.0;

/// Points and weights on −1 … 1, by Newton's method on Legendre's polynomial.
static RULE: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(|| {
    let n = POINTS as f64;
    std::array::from_fn(|place| {
        let mut x = (std::f64::consts::PI * (place as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=POINTS {
                let k = k as f64;
                (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
});

/// Points z and weights of an integral over the standard normal distribution, for an integrand in
/// √q z that is smooth between its `switches`.
///
/// Gauss–Legendre on pieces that end at the switches, at every half of a standard deviation, and at
/// powers of two of √q z, so that what happens near 0 is resolved for a large q too; `level` halves
/// the pieces so many times.
pub(super) fn rule(q: f64, switches: &[f64], level: u32) -> Vec<(f64, f64)> {
    let scale = q.sqrt();
    let mut ends: Vec<f64> = (-24..=24).map(|i| f64::from(i) * 0.5).collect();
    let inner = (-6..=10).map(|power| f64::exp2(f64::from(power)));
    let places = inner.flat_map(|x| [x, -x]).chain(switches.iter().copied());
    ends.extend(places.map(|x| x / scale).filter(|z| z.abs() < END));
    ends.sort_unstable_by(f64::total_cmp);
    ends.dedup();
    let parts = 1_u32 << level;
    let mut points = Vec::with_capacity(ends.len() * POINTS * parts as usize);
    for piece in ends.windows(2) {
        let half = (piece[1] - piece[0]) / f64::from(parts) * 0.5;
        for part in 0..parts {
            let middle = piece[0] + half * f64::from(2 * part + 1);
            points.extend(RULE.iter().map(|(x, weight)| {
                let z = middle + half * x;
                (z, weight * half * density(z))
            }));
        }
    }
    points
}

fn density(z: f64) -> f64 {
    const ROOT: f64 = 0.398_942_280_401_432_7;
    ROOT * (-0.5 * z * z).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(q: f64, switches: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        rule(q, switches, 0).iter().map(|(z, weight)| weight * f(*z)).sum()
    }

    #[test]
    fn moments_of_the_normal_distribution() {
        for q in [1e-6, 1.0, 1e4] {
            for (power, expected) in [(0, 1.0), (1, 0.0), (2, 1.0), (4, 3.0), (6, 15.0)] {
                let moment = integral(q, &[], |z| z.powi(power));
                assert!((moment - expected).abs() < 1e-12, "{q} {power}: {moment}");
            }
        }
    }

    #[test]
    fn a_step_between_the_panels_is_exact() {
        // Φ(0.3) from libm's erfc.
        let expected = 0.5 * libm::erfc(-0.3 / std::f64::consts::SQRT_2);
        let step = integral(4.0, &[0.6], |z| f64::from(2.0 * z < 0.6));
        assert!((step - expected).abs() < 1e-13);
    }
}
