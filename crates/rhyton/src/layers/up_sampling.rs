use rhyton_graph::{Dim, Shape, Spec, Tensor, broadcast_in_dim, reshape_to};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::resampling::{INTERPOLATIONS, check_weights, resample};
use super::{ImageDataFormat, Sizes};
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope};
use crate::objects::Configured;
use crate::{Error, Result};

/// Each spatial axis made larger by a whole factor: [`UpSampling1D`](super::UpSampling1D) and its
/// kin.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct UpSampling<const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// The factor for each axis, at least 1; default 2.
    size: Sizes<RANK>,
    /// Where the channels stand; default the configured `image_data_format`. For one axis there is
    /// only `channels_last`.
    data_format: ImageDataFormat,
    /// `nearest`; for two axes also `bilinear`, `bicubic`, `lanczos3` or `lanczos5`; default nearest.
    interpolation: String,
}

impl<const RANK: usize> Default for UpSampling<RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            size: 2.into(),
            data_format: ImageDataFormat::where_absent(RANK),
            interpolation: "nearest".to_owned(),
        }
    }
}

impl<const RANK: usize> UpSampling<RANK> {
    /// A layer with these factors.
    pub fn new(size: impl Into<Sizes<RANK>>) -> Self {
        Self { size: size.into(), ..Self::default() }
    }
}

impl<const RANK: usize> Layer for UpSampling<RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let class = self.spec().class_name;
        let axes = self.data_format.sequence_axes::<RANK>(class, &inputs[0])?;
        let factors = self.size.positive(class, "size")?;
        let known: &[&str] = if RANK == 2 { INTERPOLATIONS } else { &["nearest"] };
        let interpolation = self.interpolation.to_lowercase();
        if !known.contains(&interpolation.as_str()) {
            let expected = format!("one of {}", known.join(", "));
            return Err(Error::config(class, "interpolation", expected, &self.interpolation));
        }
        let mut sizes = vec![axes.channels(&inputs[0].shape)];
        for (size, factor) in axes.sizes(&inputs[0].shape).into_iter().zip(factors) {
            sizes.extend([size, factor]);
            if interpolation != "nearest" {
                check_weights(class, "size", size, size.saturating_mul(factor))?;
            }
        }
        Ok(rhyton_tensor::volume(&sizes).map(drop)?)
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let axes = self.data_format.sequence_axes::<RANK>(self.spec().class_name, x.spec())?;
        let factors: Vec<(usize, usize)> = axes.spatial.into_iter().zip(self.size.0).collect();
        let interpolation = self.interpolation.to_lowercase();
        if interpolation == "nearest" {
            return Ok(repeated(x, &factors).into());
        }
        let sizes = axes.sizes(x.shape());
        let larger = factors.iter().zip(sizes).fold(x.clone(), |x, (&(axis, factor), size)| {
            resample(&x, axis, &interpolation, size * factor)
        });
        Ok(larger.into())
    }
}

/// Every element of the axes `factor` times.
fn repeated(x: &Tensor, factors: &[(usize, usize)]) -> Tensor {
    let mut split: Vec<Dim> = Vec::new();
    let mut kept = Vec::new();
    let mut joined = x.shape().to_vec();
    for (axis, &dim) in x.shape().iter().enumerate() {
        kept.push(split.len());
        split.push(dim);
        if let Some((_, factor)) = factors.iter().find(|(repeated, _)| *repeated == axis) {
            split.push((*factor).into());
            joined[axis] = dim.times(*factor);
        }
    }
    reshape_to(&broadcast_in_dim(x, &Shape::from(split), &kept), joined)
}
