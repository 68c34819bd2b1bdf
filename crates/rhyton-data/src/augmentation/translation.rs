use std::sync::Arc;

use super::affine::Affine;
use super::config::Bounds;
use super::{Effect, Operation, Size, Spec, between};

const BOUNDS: Bounds = Bounds { low: -1.0, high: 1.0 };

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomTranslation",
    key: "shift",
    read: |config| {
        let height = config.required_range("height_factor", BOUNDS)?;
        let width = config.required_range("width_factor", BOUNDS)?;
        Ok(Arc::new(Translation { height, width }))
    },
    parse: |value| {
        let factor = value.range(BOUNDS)?;
        Ok(Arc::new(Translation { height: factor, width: factor }))
    },
};

/// Moves by shares of height and width; positive is down and right.
///
/// Source: `keras.layers.RandomTranslation`, Keras 3.15.1.
#[derive(Debug)]
pub(super) struct Translation {
    height: (f32, f32),
    width: (f32, f32),
}

impl Translation {
    pub(super) fn both(share: f32) -> Self {
        let factor = (-share.abs(), share.abs());
        Self { height: factor, width: factor }
    }
}

impl Operation for Translation {
    fn draw(&self, uniform: [f32; 4], image: Size) -> Effect {
        Effect::Geometry(Affine {
            x0: -between(self.width, uniform[1]) * image.width as f32,
            y0: -between(self.height, uniform[0]) * image.height as f32,
            ..Affine::IDENTITY
        })
    }
}
