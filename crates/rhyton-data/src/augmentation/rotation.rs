use std::sync::Arc;

use super::affine::Affine;
use super::config::Bounds;
use super::{Effect, Operation, Size, Spec, between};

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomRotation",
    key: "rotation",
    read: |config| {
        let turns = config.range("factor", Bounds { low: -1.0, high: 1.0 }, 0.0)?;
        Ok(Arc::new(Rotation { turns }))
    },
    parse: |value| {
        let (low, high) = value.range(Bounds { low: -360.0, high: 360.0 })?;
        Ok(Arc::new(Rotation { turns: (low / 360.0, high / 360.0) }))
    },
};

/// Rotates about the centre, counter-clockwise for positive turns.
///
/// Source: `keras.layers.RandomRotation`, Keras 3.15.1.
#[derive(Debug)]
pub(super) struct Rotation {
    /// Shares of a full turn.
    turns: (f32, f32),
}

impl Rotation {
    pub(super) fn degrees(degrees: f32) -> Self {
        Self { turns: (-degrees.abs() / 360.0, degrees.abs() / 360.0) }
    }
}

impl Operation for Rotation {
    fn draw(&self, uniform: [f32; 4], image: Size) -> Effect {
        let angle = between(self.turns, uniform[0]) * std::f32::consts::TAU;
        let (sine, cosine) = angle.sin_cos();
        let x = 0.5 * (image.width as f32 - 1.0);
        let y = 0.5 * (image.height as f32 - 1.0);
        Effect::Geometry(Affine {
            xx: cosine,
            xy: -sine,
            x0: x - x * cosine + y * sine,
            yx: sine,
            yy: cosine,
            y0: y - x * sine - y * cosine,
        })
    }
}
