use super::picture::Picture;

/// Values of a coarse picture: 8 × 8 places around the centre.
const SIDE: usize = 8;
const VALUES: usize = SIDE * SIDE;
/// The outer places' distance from the centre, in radii.
const REACH: f32 = 1.75;
/// Turns that are tried, in degrees.
const TURNS: [f32; 5] = [-12.0, -6.0, 0.0, 6.0, 12.0];

/// An image as seen from its centre, at its own size: mean 0, length 1.
pub(super) struct Coarse([f32; VALUES]);

impl Coarse {
    /// The image turned by so many degrees.
    pub(super) fn of(picture: &Picture, degrees: f32) -> Self {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let step = 2.0 * REACH * picture.radius / (SIDE - 1) as f32;
        let mut values = [0.0; VALUES];
        for (index, value) in values.iter_mut().enumerate() {
            let v = ((index / SIDE) as f32 - (SIDE - 1) as f32 / 2.0) * step;
            let u = ((index % SIDE) as f32 - (SIDE - 1) as f32 / 2.0) * step;
            // Four places around the point, so that thin lines count wherever they lie.
            for (down, right) in [(-0.25, -0.25), (-0.25, 0.25), (0.25, -0.25), (0.25, 0.25)] {
                let (v, u) = (v + down * step, u + right * step);
                let y = picture.centre.0 + sine * u + cosine * v;
                let x = picture.centre.1 + cosine * u - sine * v;
                *value += picture.at(y, x).0;
            }
        }
        let mean = values.iter().sum::<f32>() / VALUES as f32;
        for value in &mut values {
            *value -= mean;
        }
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        for value in &mut values {
            *value /= length.max(f32::MIN_POSITIVE);
        }
        Self(values)
    }
}

/// Coarse pictures of training images.
#[derive(Default)]
pub(super) struct Index {
    rows: Vec<usize>,
    values: Vec<f32>,
}

impl Index {
    pub(super) fn push(&mut self, row: usize, coarse: &Coarse) {
        self.rows.push(row);
        self.values.extend(coarse.0);
    }

    /// The training images that look most alike, each with the turn in degrees that took the
    /// picture nearest to it.
    pub(super) fn nearest(&self, picture: &Picture, count: usize) -> Vec<(usize, f32)> {
        let turned = TURNS.map(|degrees| Coarse::of(picture, degrees).0);
        let mut best: Vec<(f32, usize, f32)> = Vec::with_capacity(count + 1);
        for (row, values) in self.rows.iter().zip(self.values.chunks_exact(VALUES)) {
            let mut likeness = (f32::MIN, 0.0);
            for (turn, coarse) in TURNS.iter().zip(&turned) {
                let product = dot(values, coarse);
                if product > likeness.0 {
                    likeness = (product, *turn);
                }
            }
            if best.len() < count || best.last().is_some_and(|worst| likeness.0 > worst.0) {
                let place = best.partition_point(|known| known.0 >= likeness.0);
                best.insert(place, (likeness.0, *row, likeness.1));
                best.truncate(count);
            }
        }
        best.into_iter().map(|(_, row, turn)| (row, turn)).collect()
    }
}

/// Eight sums side by side, which compilers turn into vector instructions.
fn dot(a: &[f32], b: &[f32; VALUES]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
