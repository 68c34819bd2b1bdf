use std::sync::Arc;

use super::affine::Affine;
use super::config::Bounds;
use super::{Effect, Operation, Size, Spec, between};

/// Keras refuses −1 itself, which would show a single pixel.
const BOUNDS: Bounds = Bounds { low: -0.999_999, high: 1.0 };

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomZoom",
    key: "zoom",
    read: |config| {
        let height = config.required_range("height_factor", BOUNDS)?;
        let width = config.optional_range("width_factor", BOUNDS)?;
        Ok(Arc::new(Zoom { height, width }))
    },
    parse: |value| {
        let factor = value.range(BOUNDS)?;
        Ok(Arc::new(Zoom { height: factor, width: Some(factor) }))
    },
};

/// Scales about the centre by 1 + factor: positive factors show more of the image, smaller.
///
/// Source: `keras.layers.RandomZoom`, Keras 3.15.1.
#[derive(Debug)]
pub(super) struct Zoom {
    height: (f32, f32),
    /// `None`: the height's, so that shapes keep their proportions.
    width: Option<(f32, f32)>,
}

impl Zoom {
    pub(super) fn independent(share: f32) -> Self {
        let factor = (-share.abs(), share.abs());
        Self { height: factor, width: Some(factor) }
    }
}

impl Operation for Zoom {
    fn draw(&self, uniform: [f32; 4], image: Size) -> Effect {
        let vertical = 1.0 + between(self.height, uniform[0]);
        let horizontal = self.width.map_or(vertical, |width| 1.0 + between(width, uniform[1]));
        Effect::Geometry(Affine {
            xx: horizontal,
            x0: (image.width as f32 - 1.0) / 2.0 * (1.0 - horizontal),
            yy: vertical,
            y0: (image.height as f32 - 1.0) / 2.0 * (1.0 - vertical),
            ..Affine::IDENTITY
        })
    }
}
