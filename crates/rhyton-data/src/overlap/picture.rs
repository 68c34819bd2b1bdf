/// Pixels on the longer side of a picture, at most.
const SIDE_MAX: usize = 32;
/// Pictures that vary less than this share of their largest value are plain.
const PLAIN: f32 = 1e-3;

/// How a sample's values are an image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    height: usize,
    width: usize,
    channels: usize,
    planar: bool,
    /// Pixels of the image on a side of one of the picture.
    block: usize,
}

/// A gray, small form of an image; what stands at its edges is 0.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
    pub(super) centre: (f32, f32),
    /// The mean distance from the centre, weighted by the values.
    pub(super) radius: f32,
}

impl Frame {
    /// How samples of this shape are images, if they are.
    pub(super) fn of(sample: &[usize]) -> Option<Self> {
        let (height, width, channels, planar) = match *sample {
            [height, width] => (height, width, 1, false),
            [height, width, channels @ (1 | 3)] => (height, width, channels, false),
            [channels @ (1 | 3), height, width] => (height, width, channels, true),
            [count] if count.isqrt().pow(2) == count => (count.isqrt(), count.isqrt(), 1, false),
            _ => return None,
        };
        let block = height.max(width).div_ceil(SIDE_MAX);
        let large = height >= 8 && width >= 8;
        large.then_some(Self { height, width, channels, planar, block })
    }

    pub(super) fn picture(&self, values: &[f64]) -> Picture {
        let (height, width) = (self.height / self.block, self.width / self.block);
        let (pixel, plane) =
            if self.planar { (1, self.height * self.width) } else { (self.channels, 1) };
        let mut gray = vec![0.0_f32; height * width];
        for (place, value) in gray.iter_mut().enumerate() {
            let (top, left) = (place / width * self.block, place % width * self.block);
            for row in top..top + self.block {
                for column in left..left + self.block {
                    for channel in 0..self.channels {
                        let at = (row * self.width + column) * pixel + channel * plane;
                        *value += values[at] as f32;
                    }
                }
            }
        }
        Picture::new(height, width, gray)
    }
}

impl Picture {
    fn new(height: usize, width: usize, mut values: Vec<f32>) -> Self {
        let background = background(&values, height, width);
        for value in &mut values {
            *value -= background;
        }
        let (mut mass, mut sums) = (0.0, (0.0, 0.0));
        let place = |index: usize| ((index / width) as f32, (index % width) as f32);
        for (index, value) in values.iter().enumerate() {
            let (y, x) = place(index);
            mass += value.abs();
            sums = (sums.0 + y * value.abs(), sums.1 + x * value.abs());
        }
        let centre = (sums.0 / mass.max(f32::MIN_POSITIVE), sums.1 / mass.max(f32::MIN_POSITIVE));
        let mut spread = 0.0;
        for (index, value) in values.iter().enumerate() {
            let (y, x) = place(index);
            spread += ((y - centre.0).powi(2) + (x - centre.1).powi(2)) * value.abs();
        }
        let radius = (spread / mass.max(f32::MIN_POSITIVE)).sqrt().max(0.5);
        Self { height, width, values, centre, radius }
    }

    /// Whether there is nothing to tell it from others by, or a value is no number.
    pub(super) fn is_plain(&self) -> bool {
        let largest = self.values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let varies = self.variance().sqrt() > PLAIN * largest.max(f32::MIN_POSITIVE);
        !varies || self.values.iter().any(|value| !value.is_finite())
    }

    pub(super) fn variance(&self) -> f32 {
        let count = self.values.len() as f32;
        let mean = self.values.iter().sum::<f32>() / count;
        self.values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count
    }

    /// The value at a place between pixels, and its slopes down and to the right.
    pub(super) fn at(&self, y: f32, x: f32) -> (f32, f32, f32) {
        let (top, left) = (y.floor(), x.floor());
        let corner = |row: f32, column: f32| {
            let inside = row >= 0.0
                && column >= 0.0
                && row < self.height as f32
                && column < self.width as f32;
            if inside { self.values[row as usize * self.width + column as usize] } else { 0.0 }
        };
        let (a, b) = (corner(top, left), corner(top, left + 1.0));
        let (c, d) = (corner(top + 1.0, left), corner(top + 1.0, left + 1.0));
        let (v, u) = (y - top, x - left);
        let (upper, lower) = (a + (b - a) * u, c + (d - c) * u);
        let right = (b - a) * (1.0 - v) + (d - c) * v;
        (upper + (lower - upper) * v, lower - upper, right)
    }
}

/// The middle one of the values at the edges.
fn background(values: &[f32], height: usize, width: usize) -> f32 {
    let is_edge = |index: usize| {
        let (row, column) = (index / width, index % width);
        row == 0 || column == 0 || row + 1 == height || column + 1 == width
    };
    let mut edge: Vec<f32> =
        (0..values.len()).filter(|index| is_edge(*index)).map(|index| values[index]).collect();
    edge.sort_by(f32::total_cmp);
    edge.get(edge.len() / 2).copied().unwrap_or(0.0)
}
