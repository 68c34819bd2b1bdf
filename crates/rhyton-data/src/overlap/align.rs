use super::picture::Picture;

/// Steps towards the best map; most pairs need half as many.
const STEPS: usize = 12;
/// The numbers of an affine map.
const NUMBERS: usize = 6;
/// Maps beyond these are no small change: scales of the axes, and how far they lean.
const SCALES: std::ops::RangeInclusive<f32> = 0.72..=1.4;
const LEAN_MAX: f32 = 0.12;
const TURN_MAX: f32 = 0.45;

/// The share of `target`'s variance that is left when `source` is laid over it as well as an affine
/// map can; infinite where that map is no small change. `turn` degrees take `target` near `source`.
///
/// Source: Lucas and Kanade, "An iterative image registration technique", 1981.
pub(super) fn residual(source: &Picture, target: &Picture, turn: f32) -> f32 {
    let scale = source.radius / target.radius;
    let (sine, cosine) = turn.to_radians().sin_cos();
    // The target's place (v, u) from its centre, turned and scaled, is the source's.
    let mut map = [scale * cosine, scale * sine, 0.0, -scale * sine, scale * cosine, 0.0];
    let mut best = f32::INFINITY;
    for _ in 0..STEPS {
        let (error, change) = step(source, target, &map);
        if error >= best * 0.99 {
            break;
        }
        best = error;
        let Some(change) = change else { break };
        map.iter_mut().zip(change).for_each(|(number, change)| *number += change);
    }
    if !is_small(&map) {
        return f32::INFINITY;
    }
    best / (target.variance() * target.values.len() as f32).max(f32::MIN_POSITIVE)
}

/// The squared differences under a map, and the change of the map that lessens them.
fn step(source: &Picture, target: &Picture, map: &[f32; NUMBERS]) -> (f32, Option<[f32; NUMBERS]>) {
    let mut normal = [[0.0_f64; NUMBERS]; NUMBERS];
    let mut right = [0.0_f64; NUMBERS];
    let mut error = 0.0;
    for row in 0..target.height {
        for column in 0..target.width {
            let v = row as f32 - target.centre.0;
            let u = column as f32 - target.centre.1;
            let y = source.centre.0 + map[0] * v + map[1] * u + map[2];
            let x = source.centre.1 + map[3] * v + map[4] * u + map[5];
            let (value, down, across) = source.at(y, x);
            let missing = target.values[row * target.width + column] - value;
            error += missing * missing;
            let slopes = [down * v, down * u, down, across * v, across * u, across].map(f64::from);
            for i in 0..NUMBERS {
                right[i] += slopes[i] * f64::from(missing);
                for j in 0..=i {
                    normal[i][j] += slopes[i] * slopes[j];
                }
            }
        }
    }
    (error, solve(normal, right))
}

/// Solves a symmetric system, of which the lower half is given, by Cholesky's method.
fn solve(
    mut matrix: [[f64; NUMBERS]; NUMBERS],
    mut right: [f64; NUMBERS],
) -> Option<[f32; NUMBERS]> {
    for i in 0..NUMBERS {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - sum;
            if i == j {
                if rest.is_nan() || rest <= 1e-12 {
                    return None;
                }
                matrix[i][i] = rest.sqrt();
            } else {
                matrix[i][j] = rest / matrix[j][j];
            }
        }
    }
    for i in 0..NUMBERS {
        let sum: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    for i in (0..NUMBERS).rev() {
        let sum: f64 = (i + 1..NUMBERS).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    Some(right.map(|value| value as f32))
}

/// Whether a map is a rotation, a zoom along the axes and a shift, all of them small.
fn is_small(map: &[f32; NUMBERS]) -> bool {
    let [a, b, _, c, d, _] = *map;
    let (first, second) = (a.hypot(c), b.hypot(d));
    let lean = (a * b + c * d) / (first * second).max(f32::MIN_POSITIVE);
    let turn = (b - c).atan2(a + d).abs();
    SCALES.contains(&first)
        && SCALES.contains(&second)
        && lean.abs() <= LEAN_MAX
        && turn <= TURN_MAX
}
