use std::sync::Arc;

use super::affine::Affine;
use super::{Effect, Operation, Size, Spec};

pub(super) const SPEC: Spec = Spec {
    class_name: "RandomCrop",
    key: "crop",
    read: |config| {
        let (height, width) = (config.size("height")?, config.size("width")?);
        Ok(Arc::new(Crop { height, width }))
    },
    parse: |value| {
        let (height, width) = value.sizes()?;
        Ok(Arc::new(Crop { height, width }))
    },
};

/// A window at a random place, scaled to the whole image; the whole image if the window is as large.
///
/// Source: the window of `keras.layers.RandomCrop`, Keras 3.15.1.
#[derive(Debug)]
pub(super) struct Crop {
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Operation for Crop {
    fn draw(&self, uniform: [f32; 4], image: Size) -> Effect {
        let (xx, x0) = window(image.width, self.width, uniform[1]);
        let (yy, y0) = window(image.height, self.height, uniform[0]);
        Effect::Geometry(Affine { xx, x0, yy, y0, ..Affine::IDENTITY })
    }
}

/// The scale and first place of a window on one axis. Pixels are squares: the window's edges, not
/// the centres of its outer pixels, meet the image's.
fn window(length: usize, window: usize, uniform: f32) -> (f32, f32) {
    if window >= length {
        return (1.0, 0.0);
    }
    let start = (uniform * (length - window + 1) as f32).floor();
    let scale = window as f32 / length as f32;
    (scale, start + 0.5 * scale - 0.5)
}
