use std::sync::Arc;

use rhyton_graph::{DataFormat, Dim, Shape, Spec, Tensor, broadcast_to, greater_equal, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ImageDataFormat;
use super::axis::beside;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// In training, each element is 0 with probability `rate` and divided by 1 − rate otherwise;
/// elsewhere the input itself.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.Dropout`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Dropout {
    #[serde(skip)]
    common: Common,
    /// The probability of a 0, from 0 to 1.
    rate: f64,
    /// The shape of the pattern: an axis with size 1 drops as a whole; default the input's shape.
    noise_shape: Option<Vec<Option<usize>>>,
    /// A seed of the layer's own; default the training's.
    seed: Option<u64>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Dropout",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Dropout>("Dropout", config, &[])?)),
    cases: &[r#"{"rate": 0.5}"#, r#"{"rate": 0.0}"#],
};

crate::configured!(Dropout: LayerKind, always "rate");

impl Dropout {
    /// A layer that drops each element with this probability.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }
}

impl Layer for Dropout {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        check_share("Dropout", "rate", self.rate)?;
        pattern("Dropout", self.noise_shape.as_deref(), &inputs[0].shape).map(drop)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let shape = pattern("Dropout", self.noise_shape.as_deref(), x.shape())?;
        Ok(dropped(cx, x, &shape, (self.rate, self.seed))?.into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

/// Refuses a number outside [0, 1].
pub(super) fn check_share(class: &str, key: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::config(class, key, "a number from 0 to 1", value))
}

/// Refuses a rate outside [0, 1): where all is dropped, what is left can't be scaled.
pub(super) fn check_rate(class: &str, rate: f64) -> Result<()> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    Err(Error::config(class, "rate", "a number from 0 to below 1", rate))
}

/// The shape of a pattern of drops over an input of this shape.
pub(super) fn pattern(
    class: &str,
    noise: Option<&[Option<usize>]>,
    shape: &Shape,
) -> Result<Shape> {
    let Some(noise) = noise else { return Ok(shape.clone()) };
    let fits = |(size, dim): (&Option<usize>, &Dim)| {
        size.is_none_or(|size| size == 1 || Dim::fixed(size) == *dim)
    };
    if noise.len() != shape.rank() || !noise.iter().zip(shape.iter()).all(fits) {
        let expected = format!("null, 1 or the input's size for each axis of {shape}");
        return Err(Error::config(class, "noise_shape", expected, format!("{noise:?}")));
    }
    let dims = noise.iter().zip(shape.iter());
    Ok(dims.map(|(size, dim)| size.map_or(*dim, Dim::fixed)).collect())
}

/// Which elements stay: each place of the pattern drops with a probability.
pub(super) fn kept(
    cx: &mut Call<'_>,
    x: &Tensor,
    pattern: &Shape,
    (rate, seed): (f64, Option<u64>),
) -> Result<Tensor> {
    let like = broadcast_to(&x.scalar_like(0.0), pattern);
    Ok(greater_equal(cx.uniform(&like, seed)?, rate))
}

/// In training, x with drops by a pattern and the rest scaled up; else x.
pub(super) fn dropped(
    cx: &mut Call<'_>,
    x: &Tensor,
    pattern: &Shape,
    (rate, seed): (f64, Option<u64>),
) -> Result<Tensor> {
    if !cx.training || rate == 0.0 {
        return Ok(x.clone());
    }
    let keep = kept(cx, x, pattern, (rate, seed))?;
    let scale = if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 };
    Ok(where_(&keep, x * scale, 0.0))
}

/// The shape of a pattern that drops channels as a whole, for inputs of `spatial` axes beside batch
/// and channels.
pub(super) fn channels_alone(
    class: &str,
    spatial: usize,
    data_format: &ImageDataFormat,
    shape: &Shape,
) -> Result<Shape> {
    if shape.rank() != spatial + 2 {
        return Err(Error::config(class, "input", format!("{} axes", spatial + 2), shape));
    }
    let channels = match data_format.get(class)? {
        DataFormat::ChannelsLast => spatial + 1,
        DataFormat::ChannelsFirst => 1,
    };
    Ok(beside(shape, &[0, channels]))
}
