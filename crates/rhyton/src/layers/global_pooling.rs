use rhyton_graph::{Spec, Tensor, cast, expand_dims, max, mean, sum, where_};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::ImageDataFormat;
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope};
use crate::objects::Configured;

/// One number for each channel: the mean or, with `MAXIMUM`, the maximum over all spatial axes;
/// [`GlobalAveragePooling2D`](super::GlobalAveragePooling2D) and its kin.
///
/// The mean of a masked sequence is over the steps that count.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct GlobalPooling<const MAXIMUM: bool, const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// Where the channels stand; default the configured `image_data_format`.
    data_format: ImageDataFormat,
    /// Whether the spatial axes stay with size 1; default false.
    keepdims: bool,
}

impl<const MAXIMUM: bool, const RANK: usize> GlobalPooling<MAXIMUM, RANK> {
    /// A layer with Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<const MAXIMUM: bool, const RANK: usize> Layer for GlobalPooling<MAXIMUM, RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        self.data_format.axes::<RANK>(self.spec().class_name, &inputs[0]).map(drop)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let axes = self.data_format.axes::<RANK>(self.spec().class_name, x.spec())?;
        let spatial = axes.spatial.map(|axis| axis as isize);
        if MAXIMUM {
            return Ok(max(x, Some(&spatial), self.keepdims).into());
        }
        let mask = if RANK == 1 { cx.given_mask() } else { None };
        let Some(mask) = mask else {
            return Ok(mean(x, Some(&spatial), self.keepdims).into());
        };
        let mask = cast(&expand_dims(mask, axes.channels as isize), DType::Bool);
        let total = sum(&where_(&mask, x, 0.0), Some(&spatial), self.keepdims);
        Ok((total / sum(&cast(&mask, x.dtype()), Some(&spatial), self.keepdims)).into())
    }
}
