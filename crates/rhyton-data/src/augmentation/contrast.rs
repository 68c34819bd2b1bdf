use std::sync::Arc;

use super::config::Bounds;
use super::{Effect, Operation, Size, Spec, between};

const BOUNDS: Bounds = Bounds { low: 0.0, high: 1.0 };

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomContrast",
    key: "contrast",
    read: |config| {
        // A single number is cut to the bounds, so that Keras itself never lowers the contrast.
        let (low, high) = config.range("factor", BOUNDS, 0.0)?;
        let range = Some(config.value_range()?);
        Ok(Arc::new(Contrast { factor: (1.0 - low, 1.0 + high), range }))
    },
    parse: |value| {
        let (low, high) = value.range(Bounds { low: -1.0, high: 1.0 })?;
        Ok(Arc::new(Contrast { factor: (1.0 + low, 1.0 + high), range: None }))
    },
};

/// Multiplies the distance of every value from its channel's mean.
///
/// Source: `keras.layers.RandomContrast`, Keras 3.15.1.
#[derive(Debug)]
pub(super) struct Contrast {
    factor: (f32, f32),
    range: Option<(f32, f32)>,
}

impl Contrast {
    pub(super) fn symmetric(factor: f32) -> Self {
        Self { factor: (1.0 - factor.abs(), 1.0 + factor.abs()), range: None }
    }
}

impl Operation for Contrast {
    fn draw(&self, uniform: [f32; 4], _image: Size) -> Effect {
        Effect::Contrast { factor: between(self.factor, uniform[0]), range: self.range }
    }
}
