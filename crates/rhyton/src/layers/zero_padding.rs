use rhyton_graph::{Dim, Pad, Spec, Tensor};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{ImageDataFormat, Margins};
use crate::Result;
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope};
use crate::objects::Configured;

/// Zeros before and after each spatial axis: [`ZeroPadding1D`](super::ZeroPadding1D) and its kin.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct ZeroPadding<const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// How many zeros before and after each axis; default 1.
    padding: Margins<RANK>,
    /// Where the channels stand; default the configured `image_data_format`.
    data_format: ImageDataFormat,
}

impl<const RANK: usize> Default for ZeroPadding<RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            padding: 1.into(),
            data_format: ImageDataFormat::where_absent(RANK),
        }
    }
}

impl<const RANK: usize> ZeroPadding<RANK> {
    /// A layer with this many zeros around: one number, or a number or pair for each axis.
    pub fn new(padding: impl Into<Margins<RANK>>) -> Self {
        let data_format = ImageDataFormat::default();
        Self { padding: padding.into(), data_format, ..Self::default() }
    }
}

impl<const RANK: usize> Layer for ZeroPadding<RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let class = self.spec().class_name;
        let axes = self.data_format.axes::<RANK>(class, &inputs[0])?;
        let margins = self.padding.checked(class, "padding")?;
        let mut sizes = vec![axes.channels(&inputs[0].shape)];
        for (size, [before, after]) in axes.sizes(&inputs[0].shape).into_iter().zip(margins) {
            sizes.push(size + before + after);
        }
        Ok(rhyton_tensor::volume(&sizes).map(drop)?)
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let axes = self.data_format.axes::<RANK>(self.spec().class_name, x.spec())?;
        let mut low = vec![Dim::fixed(0); RANK + 2];
        let mut high = low.clone();
        for (axis, [before, after]) in axes.spatial.into_iter().zip(self.padding.0) {
            (low[axis], high[axis]) = (before.into(), after.into());
        }
        let pad = Pad { low, high, interior: vec![0; RANK + 2] };
        Ok(Tensor::emit(pad, &[x, &x.scalar_like(0.0)]).into())
    }
}
