use rhyton_graph::{Dim, Slice, Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{ImageDataFormat, Margins};
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope};
use crate::objects::Configured;
use crate::{Error, Result};

/// The inside of each spatial axis: [`Cropping1D`](super::Cropping1D) and its kin.
#[expect(clippy::struct_field_names, reason = "fields are Keras' keys")]
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct Cropping<const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// How many places are cut before and after each axis; default 0 for two axes, else 1.
    cropping: Margins<RANK>,
    /// Where the channels stand; default the configured `image_data_format`. For one axis there is
    /// only `channels_last`.
    data_format: ImageDataFormat,
}

impl<const RANK: usize> Default for Cropping<RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            cropping: usize::from(RANK != 2).into(),
            data_format: ImageDataFormat::where_absent(RANK),
        }
    }
}

impl<const RANK: usize> Cropping<RANK> {
    /// A layer that cuts this much: one number, or a number or pair for each axis.
    pub fn new(cropping: impl Into<Margins<RANK>>) -> Self {
        Self { cropping: cropping.into(), ..Self::default() }
    }
}

impl<const RANK: usize> Layer for Cropping<RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let class = self.spec().class_name;
        let axes = self.data_format.sequence_axes::<RANK>(class, &inputs[0])?;
        let sizes = axes.sizes(&inputs[0].shape);
        let cut = self.cropping.checked(class, "cropping")?.map(|[before, after]| before + after);
        if sizes.iter().zip(cut).any(|(size, cut)| cut >= *size) {
            let expected = format!("less than the sizes {sizes:?} in all");
            let received = format!("{:?}", self.cropping.0);
            return Err(Error::config(class, "cropping", expected, received));
        }
        Ok(())
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let axes = self.data_format.sequence_axes::<RANK>(self.spec().class_name, x.spec())?;
        let mut start = vec![Dim::fixed(0); RANK + 2];
        let mut limit = x.shape().to_vec();
        for (axis, [before, after]) in axes.spatial.into_iter().zip(self.cropping.0) {
            start[axis] = before.into();
            limit[axis] = limit[axis].offset(-(after as isize));
        }
        Ok(Tensor::emit(Slice { start, limit, stride: vec![1; RANK + 2] }, &[x]).into())
    }
}
