use super::Size;
use super::border::{Border, Interpolation};

/// Where a pixel of the result comes from: column `x` and row `y` come from
/// `(xx · x + xy · y + x0, yx · x + yy · y + y0)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Affine {
    pub(crate) xx: f32,
    pub(crate) xy: f32,
    pub(crate) x0: f32,
    pub(crate) yx: f32,
    pub(crate) yy: f32,
    pub(crate) y0: f32,
}

impl Affine {
    pub(crate) const IDENTITY: Self = Self { xx: 1.0, xy: 0.0, x0: 0.0, yx: 0.0, yy: 1.0, y0: 0.0 };

    /// The map of an image that is changed by `self` first and then by `next`.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            xx: self.xx * next.xx + self.xy * next.yx,
            xy: self.xx * next.xy + self.xy * next.yy,
            x0: self.xx * next.x0 + self.xy * next.y0 + self.x0,
            yx: self.yx * next.xx + self.yy * next.yx,
            yy: self.yx * next.xy + self.yy * next.yy,
            y0: self.yx * next.x0 + self.yy * next.y0 + self.y0,
        }
    }
}

/// How the values of an image lie in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) size: Size,
    pub(super) channels: usize,
    /// From a pixel to the next one in its row.
    pub(super) pixel: usize,
    /// From a channel to the next one.
    pub(super) plane: usize,
}

/// Writes the image that the map describes.
///
/// Source: TensorFlow 2.21, `ImageProjectiveTransformV3`, which Keras' layers call.
pub(super) fn sample(
    source: &[f32],
    layout: Layout,
    map: Affine,
    border: Border,
    result: &mut [f32],
) {
    let Size { height, width } = layout.size;
    for row in 0..height {
        for column in 0..width {
            let x = map.xx * column as f32 + map.xy * row as f32 + map.x0;
            let y = map.yx * column as f32 + map.yy * row as f32 + map.y0;
            let x = border.fill_mode.place(x, width);
            let y = border.fill_mode.place(y, height);
            let place = (row * width + column) * layout.pixel;
            for channel in 0..layout.channels {
                let image = Image { values: &source[channel * layout.plane..], layout, border };
                result[place + channel * layout.plane] = match border.interpolation {
                    Interpolation::Nearest => image.at(y.round(), x.round()),
                    Interpolation::Bilinear => image.bilinear(y, x),
                };
            }
        }
    }
}

/// One channel of an image.
#[derive(Clone, Copy)]
struct Image<'a> {
    values: &'a [f32],
    layout: Layout,
    border: Border,
}

impl Image<'_> {
    /// The value of a pixel, or the one outside.
    fn at(self, y: f32, x: f32) -> f32 {
        let Size { height, width } = self.layout.size;
        let inside = y >= 0.0 && x >= 0.0 && y < height as f32 && x < width as f32;
        if !inside {
            return self.border.fill_value;
        }
        self.values[(y as usize * width + x as usize) * self.layout.pixel]
    }

    fn bilinear(self, y: f32, x: f32) -> f32 {
        let Size { height, width } = self.layout.size;
        let (above, left) = (y.floor(), x.floor());
        let (below, right) = (above + 1.0, left + 1.0);
        let mix = |corners: [f32; 4]| {
            let upper = (right - x) * corners[0] + (x - left) * corners[1];
            let lower = (right - x) * corners[2] + (x - left) * corners[3];
            (below - y) * upper + (y - above) * lower
        };
        let inside = above >= 0.0 && left >= 0.0 && below < height as f32 && right < width as f32;
        if !inside {
            let corners = [(above, left), (above, right), (below, left), (below, right)];
            return mix(corners.map(|(y, x)| self.at(y, x)));
        }
        let pixel = self.layout.pixel;
        let first = (above as usize * width + left as usize) * pixel;
        let second = first + width * pixel;
        mix([
            self.values[first],
            self.values[first + pixel],
            self.values[second],
            self.values[second + pixel],
        ])
    }
}
