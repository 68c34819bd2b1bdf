use std::sync::Arc;

use super::config::Bounds;
use super::{Effect, Operation, Size, Spec, between};

const BOUNDS: Bounds = Bounds { low: -1.0, high: 1.0 };

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomBrightness",
    key: "brightness",
    read: |config| {
        let share = config.range("factor", BOUNDS, 0.0)?;
        Ok(Arc::new(Brightness { share, range: Some(config.value_range()?) }))
    },
    parse: |value| Ok(Arc::new(Brightness { share: value.range(BOUNDS)?, range: None })),
};

/// Adds a share of the range of values.
///
/// Source: `keras.layers.RandomBrightness`, Keras 3.15.1.
#[derive(Debug)]
pub(super) struct Brightness {
    share: (f32, f32),
    range: Option<(f32, f32)>,
}

impl Brightness {
    pub(super) fn symmetric(factor: f32) -> Self {
        Self { share: (-factor.abs(), factor.abs()), range: None }
    }
}

impl Operation for Brightness {
    fn draw(&self, uniform: [f32; 4], _image: Size) -> Effect {
        Effect::Brightness { share: between(self.share, uniform[0]), range: self.range }
    }
}
