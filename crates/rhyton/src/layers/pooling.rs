use rhyton_graph::{Padding, Spec, Tensor, average_pool, max_pool};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::kernel_window::padding;
use super::{ImageDataFormat, Sizes};
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope};
use crate::objects::Configured;
use crate::{Error, Result};

/// The mean or, with `MAXIMUM`, the maximum of each channel over windows along `RANK` axes:
/// [`MaxPooling2D`](super::MaxPooling2D), [`AveragePooling2D`](super::AveragePooling2D) and their
/// kin. Places of the padding count in no window.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct Pooling<const MAXIMUM: bool, const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// The windows' size along each axis, at least 1; default 2.
    pool_size: Sizes<RANK>,
    /// The step along each axis, at least 1; default the windows' size.
    strides: Option<Sizes<RANK>>,
    /// `valid`: only windows that lie inside. `same`: ⌈n / stride⌉ windows. Default `valid`.
    padding: String,
    /// Where the channels stand; default the configured `image_data_format`.
    data_format: ImageDataFormat,
}

/// Pooling takes the maximum.
pub(super) const MAX: bool = true;
/// Pooling takes the mean.
pub(super) const AVERAGE: bool = false;

impl<const MAXIMUM: bool, const RANK: usize> Default for Pooling<MAXIMUM, RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            pool_size: 2.into(),
            strides: None,
            padding: "valid".to_owned(),
            data_format: ImageDataFormat::default(),
        }
    }
}

impl<const MAXIMUM: bool, const RANK: usize> Pooling<MAXIMUM, RANK> {
    /// A layer with windows of this size (one number for all axes, or one for each).
    pub fn new(pool_size: impl Into<Sizes<RANK>>) -> Self {
        Self { pool_size: pool_size.into(), ..Self::default() }
    }

    fn pooled(&self, owner: &str, x: &Tensor) -> Result<Tensor> {
        let axes = self.data_format.axes::<RANK>(owner, x.spec())?;
        let size = self.pool_size.positive(owner, "pool_size")?;
        let strides = self.strides.map(|strides| strides.positive(owner, "strides")).transpose()?;
        let strides = strides.as_ref().map(<[usize; RANK]>::as_slice);
        let padding = padding(owner, &self.padding, false)?;
        let sizes = axes.sizes(x.shape());
        if padding == Padding::Valid && size.iter().zip(sizes).any(|(size, whole)| *size > whole) {
            let expected = format!("at most the input's sizes {sizes:?}");
            return Err(Error::config(owner, "pool_size", expected, format!("{size:?}")));
        }
        let format = self.data_format.get(owner)?;
        let pool = if MAXIMUM { max_pool } else { average_pool };
        Ok(pool(x, &size, strides, padding, format))
    }
}

impl<const MAXIMUM: bool, const RANK: usize> Layer for Pooling<MAXIMUM, RANK>
where
    Self: Configured<LayerKind>,
{
    /// Nothing: what does not fit is told by `call`, which tracing reaches at once.
    fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
        Ok(())
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        Ok(self.pooled(self.spec().class_name, &inputs[0])?.into())
    }
}
