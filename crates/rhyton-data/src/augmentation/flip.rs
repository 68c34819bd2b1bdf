use std::sync::Arc;

use super::affine::Affine;
use super::{Effect, Operation, Size, Spec};

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomFlip",
    key: "flip",
    read: |config| {
        let mode = config.name("mode", "horizontal_and_vertical", EXPECTED, FlipMode::named)?;
        Ok(Arc::new(Flip { mode }))
    },
    parse: |value| Ok(Arc::new(Flip { mode: value.name(EXPECTED, FlipMode::named)? })),
};

const EXPECTED: &str = "horizontal, vertical or horizontal_and_vertical";

/// How images are mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlipMode {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
    /// Both, together.
    HorizontalAndVertical,
}

impl FlipMode {
    fn named(name: &str) -> Option<Self> {
        match name {
            "horizontal" => Some(Self::Horizontal),
            "vertical" => Some(Self::Vertical),
            "horizontal_and_vertical" => Some(Self::HorizontalAndVertical),
            _ => None,
        }
    }
}

/// Mirrors every other image.
///
/// Source: `keras.layers.RandomFlip`, Keras 3.15.1, where one number decides for both directions.
#[derive(Debug)]
pub(super) struct Flip {
    pub(super) mode: FlipMode,
}

impl Operation for Flip {
    fn draw(&self, uniform: [f32; 4], image: Size) -> Effect {
        let mut map = Affine::IDENTITY;
        let flipped = uniform[0] <= 0.5;
        if flipped && self.mode != FlipMode::Vertical {
            (map.xx, map.x0) = (-1.0, image.width as f32 - 1.0);
        }
        if flipped && self.mode != FlipMode::Horizontal {
            (map.yy, map.y0) = (-1.0, image.height as f32 - 1.0);
        }
        Effect::Geometry(map)
    }
}
