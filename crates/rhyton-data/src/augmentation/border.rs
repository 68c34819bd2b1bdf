/// What stands outside of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FillMode {
    /// The image, mirrored at its edge: `d c b a | a b c d | d c b a`.
    #[default]
    Reflect,
    /// One value.
    Constant,
    /// The nearest pixel: `a a a a | a b c d | d d d d`.
    Nearest,
    /// The image again: `a b c d | a b c d | a b c d`.
    Wrap,
}

/// How values between pixels are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// From the four nearest pixels.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
}

/// How pixels outside of the image and between its pixels are found.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Border {
    pub(super) fill_mode: FillMode,
    pub(super) fill_value: f32,
    pub(super) interpolation: Interpolation,
}

/// Keras' names.
const FILL_MODES: [(&str, FillMode); 4] = [
    ("reflect", FillMode::Reflect),
    ("constant", FillMode::Constant),
    ("nearest", FillMode::Nearest),
    ("wrap", FillMode::Wrap),
];

impl FillMode {
    /// The mode that Keras calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        FILL_MODES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode)
    }

    /// The place in the image that stands at a coordinate outside of it; for
    /// [`FillMode::Constant`] the coordinate itself.
    ///
    /// Source: TensorFlow 2.21, `MapCoordinate` of `ImageProjectiveTransformV3`.
    pub(super) fn place(self, coordinate: f32, length: usize) -> f32 {
        let size = length as f32;
        let last = size - 1.0;
        if (0.0..=last).contains(&coordinate) {
            return coordinate;
        }
        let within = match self {
            Self::Constant => return coordinate,
            Self::Nearest => coordinate,
            Self::Reflect | Self::Wrap if length <= 1 => 0.0,
            Self::Reflect => {
                let twice = 2.0 * size;
                if coordinate < 0.0 {
                    let turned = twice * (-coordinate / twice).trunc() + coordinate;
                    if turned < -size { turned + twice } else { -turned - 1.0 }
                } else {
                    let turned = coordinate - twice * (coordinate / twice).trunc();
                    if turned >= size { twice - turned - 1.0 } else { turned }
                }
            }
            Self::Wrap if coordinate < 0.0 => {
                coordinate + size * ((-coordinate / last).trunc() + 1.0)
            }
            Self::Wrap => coordinate - size * (coordinate / last).trunc(),
        };
        within.clamp(0.0, last)
    }
}

impl Interpolation {
    /// The way that Keras calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "bilinear" => Some(Self::Bilinear),
            "nearest" => Some(Self::Nearest),
            _ => None,
        }
    }
}
