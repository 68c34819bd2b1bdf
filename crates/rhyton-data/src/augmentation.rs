//! Random changes of training images, made on the host while batches are prepared.
//!
//! An [`Augmentation`] is a list of steps, each one file here: what Keras' layer of that name does,
//! from its configuration, from text, or from Rust. Steps that move pixels are composed into one
//! affine map and the image is sampled once; steps that change values follow in their place. To add
//! one: a file with a type that is [`Operation`] and its `SPEC`, then its `mod` line and its line
//! in [`SPECS`].

use std::sync::Arc;

use rhyton_tensor::{philox4x32, uniform_f32};

use crate::{Error, Result};

mod affine;
mod apply;
mod border;
mod brightness;
mod config;
mod contrast;
mod crop;
mod flip;
mod rotation;
mod text;
mod translation;
mod zoom;

use affine::Affine;
pub(crate) use apply::{Augmenter, Scratch};
use border::Border;
pub use border::{FillMode, Interpolation};
use config::Config;
pub use flip::FlipMode;

/// Every kind of step.
static SPECS: &[Spec] = &[
    rotation::SPEC,
    zoom::SPEC,
    translation::SPEC,
    flip::SPEC,
    crop::SPEC,
    contrast::SPEC,
    brightness::SPEC,
];

/// Separates these random numbers from every other use of the same seed.
const STREAM: u32 = 0x4155_474D;

/// One kind of step.
struct Spec {
    /// Keras' layer.
    class_name: &'static str,
    /// Its name in text.
    key: &'static str,
    /// From the layer's configuration.
    read: fn(&Config<'_>) -> Result<Arc<dyn Operation>>,
    /// From the value in text, with its name for errors.
    parse: fn(&text::Value<'_>) -> Result<Arc<dyn Operation>>,
}

/// What a step does to an image.
trait Operation: std::fmt::Debug + Send + Sync {
    /// One of its changes, from four numbers that are uniform on [0, 1).
    fn draw(&self, uniform: [f32; 4], image: Size) -> Effect;
}

/// Height and width of an image in pixels.
#[derive(Debug, Clone, Copy)]
struct Size {
    height: usize,
    width: usize,
}

/// What is drawn for one image.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// Where a pixel of the result comes from.
    Geometry(Affine),
    /// Distances from a channel's mean are multiplied, and values stay in the range.
    Contrast { factor: f32, range: Option<(f32, f32)> },
    /// This share of the range is added, and values stay in it.
    Brightness { share: f32, range: Option<(f32, f32)> },
}

/// A pipeline of random changes for training images, in order.
///
/// ```text
/// Augmentation::new().rotation(10.0).zoom(0.1).shift(0.1)
/// ```
///
/// What is drawn depends on the seed, the epoch's number and the sample's place in the data only, so
/// that batch size, threads and resuming change nothing.
#[derive(Debug, Clone, Default)]
pub struct Augmentation {
    steps: Vec<Step>,
    border: Border,
    value_range: Option<(f32, f32)>,
    channels_first: bool,
}

#[derive(Debug, Clone)]
struct Step {
    operation: Arc<dyn Operation>,
    border: Border,
}

impl Augmentation {
    /// No changes yet. Pixels from outside are reflected (`d c b a | a b c d | d c b a`), values
    /// are interpolated bilinearly, images are channels-last: Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rotates about the centre by up to so many degrees either way.
    #[must_use]
    pub fn rotation(self, degrees: f32) -> Self {
        self.with(rotation::Rotation::degrees(degrees))
    }

    /// Scales height and width, each on its own, by 1 − `share` to 1 + `share`.
    #[must_use]
    pub fn zoom(self, share: f32) -> Self {
        self.with(zoom::Zoom::independent(share))
    }

    /// Moves up to this share of height and width either way.
    #[must_use]
    pub fn shift(self, share: f32) -> Self {
        self.with(translation::Translation::both(share))
    }

    /// Mirrors every other image.
    #[must_use]
    pub fn flip(self, mode: FlipMode) -> Self {
        self.with(flip::Flip { mode })
    }

    /// Takes a window of `height` × `width` pixels at a random place, scaled to the image's own
    /// size, since a model's input has one size. (Keras' layer leaves the window small.)
    #[must_use]
    pub fn crop(self, height: usize, width: usize) -> Self {
        self.with(crop::Crop { height, width })
    }

    /// Multiplies the distance of every value from its channel's mean by 1 − `factor` to
    /// 1 + `factor`.
    #[must_use]
    pub fn contrast(self, factor: f32) -> Self {
        self.with(contrast::Contrast::symmetric(factor))
    }

    /// Adds −`factor` to `factor` of the range of values.
    #[must_use]
    pub fn brightness(self, factor: f32) -> Self {
        self.with(brightness::Brightness::symmetric(factor))
    }

    /// What stands outside of an image, for all steps so far and those that follow; default
    /// [`FillMode::Reflect`].
    #[must_use]
    pub fn fill_mode(mut self, mode: FillMode) -> Self {
        self.each_border(|border| border.fill_mode = mode);
        self
    }

    /// The value outside of an image for [`FillMode::Constant`]; default 0.
    #[must_use]
    pub fn fill_value(mut self, value: f32) -> Self {
        self.each_border(|border| border.fill_value = value);
        self
    }

    /// How values between pixels are found, for all steps so far and those that follow; default
    /// [`Interpolation::Bilinear`].
    #[must_use]
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.each_border(|border| border.interpolation = interpolation);
        self
    }

    /// The range in which contrast and brightness keep values; default 0 … 255 for bytes, 0 … 1 for
    /// floats.
    #[must_use]
    pub fn value_range(mut self, low: f32, high: f32) -> Self {
        self.value_range = Some((low.min(high), low.max(high)));
        self
    }

    /// Images are `[channels, height, width]`; default `[height, width, channels]`.
    #[must_use]
    pub fn channels_first(mut self, channels_first: bool) -> Self {
        self.channels_first = channels_first;
        self
    }

    /// Whether a range of values was given.
    pub fn has_value_range(&self) -> bool {
        self.value_range.is_some()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn with(self, operation: impl Operation + 'static) -> Self {
        let border = self.border;
        self.with_step(Step { operation: Arc::new(operation), border })
    }

    fn with_step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    fn each_border(&mut self, change: impl Fn(&mut Border)) {
        change(&mut self.border);
        self.steps.iter_mut().for_each(|step| change(&mut step.border));
    }
}

/// Which image is changed, and in which epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    pub(crate) epoch: u64,
    pub(crate) sample: u64,
}

impl Draw {
    /// The numbers of one step.
    fn uniform(self, step: usize) -> [f32; 4] {
        let key = [self.seed as u32, (self.seed >> 32) as u32 ^ STREAM];
        let high = (self.sample >> 32) as u32 ^ ((step as u32) << 16);
        let counter = [self.sample as u32, high, self.epoch as u32, (self.epoch >> 32) as u32];
        philox4x32(key, counter).map(uniform_f32)
    }
}

/// A number on [low, high) from one on [0, 1).
fn between((low, high): (f32, f32), uniform: f32) -> f32 {
    low + (high - low) * uniform
}

fn refusal(
    argument: impl Into<String>,
    expected: impl Into<String>,
    received: impl std::fmt::Display,
) -> Error {
    Error::Augmentation {
        argument: argument.into(),
        expected: expected.into(),
        received: received.to_string(),
    }
}

#[cfg(test)]
mod tests;
